"""Questions that a stored run answers, without torch: which of two is better, which one to take, what goes wrong."""
