"""Building a service's database a second time from what was heard and said, and laying it beside the live one."""
