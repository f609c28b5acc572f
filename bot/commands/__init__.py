"""The command line's commands, one file for each or for each group; `app.py` lists them, and loads what is asked for.

`cli` of a file is its command or group. Like `bot.serving`, they choose implementations; nobody imports them.
"""
