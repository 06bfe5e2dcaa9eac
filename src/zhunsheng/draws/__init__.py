"""Draws that anyone can verify: plan, commitment, public randomness, draw, assignment,
proof (双随机、一公开).
"""
