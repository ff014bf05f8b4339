"""Reads what LeRobot leaves on disk: training output folders, checkpoints and datasets. LeRobot itself is never imported.

`dataset`, `policy` and `training` are pure: they make facts of what was read. The modules that read the disk are named after
what they read: `document`, `tensors`, `policy_folder`, `dataset_folder` and `training_folder`.
"""
