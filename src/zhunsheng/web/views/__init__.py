"""The pages: each file one part of the year's work; views read the request, call a service, and render."""
