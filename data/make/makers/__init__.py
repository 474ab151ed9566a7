"""How each shipped checkpoint is made: a module for each lesson that ships one."""
