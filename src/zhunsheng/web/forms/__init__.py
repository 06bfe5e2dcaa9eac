"""What people send, checked field by field before anything is done with it; every fault is told at once."""
