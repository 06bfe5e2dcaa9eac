"""Official tables, the evaluation report and the dashboard, as files that office programs
and browsers open.
"""
