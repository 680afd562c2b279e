"""What benchmarks/realtime.py is made of: the crowd of readers, the peers, and how both are started and measured."""
