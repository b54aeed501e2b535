"""The review app. Its desk is the next thing to be built; today it holds nothing but this line."""
