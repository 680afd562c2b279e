from digis.sandbox.stripe.main import main

raise SystemExit(main())
