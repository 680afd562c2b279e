import argparse
import signal
import threading

from digis.sandbox.push.service import PushService


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="digis.sandbox.push", description="A stand-in for a push service, on loopback."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the ready line tells which")
    service = PushService(port=parser.parse_args().port)
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    service.start()
    print(f"push stand-in: ready at {service.url}", flush=True)
    done.wait()
    service.stop()
    return 0


raise SystemExit(main())
