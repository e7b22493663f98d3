"""What is published of every pretrained model of timm and torchvision, read without importing either."""
