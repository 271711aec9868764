"""Which real systems stand in for those in the cloud? One file each, started on loopback."""
