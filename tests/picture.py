"""The pictures of README.md: what a terminal shows while it runs the commands of SESSION, as SVG for light and dark
backgrounds. tests/docs writes them and checks that they are current."""
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS, ROWS = 92, 60
CELL, LINE, MARGIN = 8.4, 19, 16 # pixels; a character of 14 pixels is 8.4 pixels wide

# Commands, and the largest number of lines that are shown of each. They run in a copy of two examples.
SESSION = [
    ("cat hello.yaml", 10),
    ("kubectl optasvc render -f hello.yaml | grep '^kind:'", 7),
    ("sed s/min_containers/min_container/ hello.yaml | kubectl optasvc validate -f -", 4),
    ("helm-postrender --dry-run web.yaml <rendered/shop.yaml >/dev/null", 5),
]

THEMES = {
    "light": {"back": "#ffffff", "edge": "#d0d7de", "text": "#1f2328", "prompt": "#0969da", 31: "#cf222e", 32: "#1a7f37",
              33: "#9a6700", 34: "#0969da", 35: "#8250df", 36: "#1b7c83"},
    "dark": {"back": "#0d1117", "edge": "#30363d", "text": "#e6edf3", "prompt": "#58a6ff", 31: "#ff7b72", 32: "#3fb950",
             33: "#d29922", 34: "#58a6ff", 35: "#bc8cff", 36: "#39c5cf"},
}


def run(command, directory, work):
    """Returns what a command prints on a terminal of its own."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    # A function calls the plugin from PATH, as kubectl does.
    shell = 'kubectl() { shift; kubectl-optasvc "$@"; }\n' + command
    environment = dict(os.environ, PATH=directory + ":" + os.environ["PATH"], TERM="xterm-256color", LC_ALL="C.UTF-8")
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(["bash", "-c", shell], cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=follower,
                          stderr=follower):
        os.close(follower)
        output = b""
        try:
            while chunk := os.read(leader, 65536):
                output += chunk
        except OSError: # Linux reports the end of a terminal as an error
            pass
    os.close(leader)
    return output.decode().replace("\r\n", "\n")


def record(directory):
    """Returns the lines of the session, each as a list of pairs of a style and a text."""
    lines = []
    with tempfile.TemporaryDirectory() as work:
        for example in ("hello", "chart"):
            shutil.copytree(os.path.join(ROOT, "examples", example), work, dirs_exist_ok=True)
        for command, limit in SESSION:
            lines.append([("prompt", "$ "), ("bold", command)])
            shown = run(command, directory, work).splitlines()
            lines += [styled(line) for line in shown[:limit]]
            if len(shown) > limit:
                lines.append([("faint", "...")])
            lines.append([])
    return lines[:-1]


def styled(line):
    """Splits a line at its escape sequences. A style is the number of a color, "bold" or "text"."""
    first, *rest = re.split(r"\x1b\[([\d;]*)m", line)
    parts, style = [("text", first)], "text"
    for codes, text in zip(rest[::2], rest[1::2]):
        for code in map(int, codes.split(";")):
            style = code if code > 30 else "bold" if code == 1 and style == "text" else style if code else "text"
        parts.append((style, text))
    return parts


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def draw(lines, theme):
    """Returns an SVG of the lines. Each text has the length of its characters, so columns do not depend on the font."""
    colors = THEMES[theme]
    width = round(COLUMNS * CELL + 2 * MARGIN)
    height = round(len(lines) * LINE + 2 * MARGIN)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" role="img" '
           'aria-label="A service file, its manifests, an error, and a chart with injected settings">',
           f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" fill="{colors["back"]}" '
           f'stroke="{colors["edge"]}"/>']
    for row, line in enumerate(lines):
        column = 0
        for style, text in line:
            stripped = text.strip(" ")
            if stripped:
                x = MARGIN + (column + len(text) - len(text.lstrip(" "))) * CELL
                attributes = f'fill="{colors.get(style, colors["text"])}"'
                attributes += ' font-weight="bold"' if style == "bold" or isinstance(style, int) else ""
                attributes += ' opacity="0.6"' if style == "faint" else ""
                out.append(f'<text x="{x:.1f}" y="{MARGIN + row * LINE + 14}" textLength="{len(stripped) * CELL:.1f}" '
                           f'xml:space="preserve" {attributes}>{escape(stripped)}</text>')
            column += len(text)
    return "\n".join(out + ["</svg>", ""])


def pictures(directory):
    """Returns the pictures by their paths."""
    lines = record(directory)
    return {f"docs/picture-{theme}.svg": draw(lines, theme) for theme in THEMES}
