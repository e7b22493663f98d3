"""One training by several processes: torch.distributed and DistributedDataParallel in the shared loop."""
