"""Work killed at every await and recovered: each point's whole database must equal an undisturbed run's.

``fuse`` counts and kills, ``zygote`` forks a process for each point, ``laboratory`` compares; ``reading``,
``relaying``, ``mailing`` and ``closing`` are the four works, ``breaking`` spoils them to see that this is found out.
"""
