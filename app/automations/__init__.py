"""When: whom to write to, what to say and at which times; each planned time makes one run, and never a second one."""
