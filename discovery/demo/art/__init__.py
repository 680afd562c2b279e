"""Demo pictures: cut-paper portraits and still lifes in window light, drawn as SVG from a seed.

A portrait is a wall, a D, window light, a wall shadow, a body, a split-light face, hair and one prop that tells the
craft. A scene is a wall, a table, window light and things from a kit. Light comes from the upper left, each picture
keeps to one palette of five, nothing is outlined.
"""

from discovery.demo.art.portrait import Look, draw_portrait
from discovery.demo.art.scene import CATEGORY_SCENES, draw_scene

__all__ = ["CATEGORY_SCENES", "Look", "draw_portrait", "draw_scene"]
