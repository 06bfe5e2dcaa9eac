"""The use cases that the command line and the site both call: values in, values out;
folders are the caller's business.
"""
