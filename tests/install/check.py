#!/usr/bin/env python3
"""Checks the results of `make dist` against krew's rules, and the documents against each other.

usage: check krew DIST VERSION     the krew manifest and its archives
       check agree BIN README      help, manual pages, completion and README agree
       check workflows ROOT        actions are pinned by commit, and make targets exist
"""
import hashlib
import os
import re
import subprocess
import sys
import tarfile

import yaml

SELECTORS = {"os", "arch"}
PLATFORMS = {"linux", "darwin", "windows"}, {"amd64", "arm64", "386", "arm"}


def check_archive(path, platform):
    """Checks an archive for what krew does with it: unpack, copy `files`, link `bin`."""
    yield len(platform["sha256"]) == 64 and platform["sha256"] == platform["sha256"].lower(), "sha256"
    with open(path, "rb") as file:
        yield hashlib.sha256(file.read()).hexdigest() == platform["sha256"], "the sum of " + path
    with tarfile.open(path) as archive:
        members = {member.name: member for member in archive}
    yield all(member.isfile() for member in members.values()), "only plain files, no links"
    installed = {}
    for rule in platform["files"]:
        yield set(rule) == {"from", "to"} and rule["to"] == ".", "a rule of files"
        yield rule["from"] in members, f"{rule['from']} is in the archive"
        installed[os.path.basename(rule["from"])] = members.get(rule["from"])
    yield bool(platform["files"]), "files is not empty"
    yield bool({"LICENSE", "COPYING"} & set(installed)), "a LICENSE is installed"
    program = installed.get(platform["bin"])
    yield program is not None and program.mode & 0o111 == 0o111, "bin is installed and executable"


def check_krew(dist, version):
    path = os.path.join(dist, "krew", "optasvc.yaml")
    with open(path, encoding="utf-8") as file:
        manifest = yaml.safe_load(file)
    spec = manifest["spec"]
    yield manifest["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2", "apiVersion"
    yield manifest["kind"] == "Plugin", "kind"
    yield manifest["metadata"] == {"name": os.path.basename(path)[:-len(".yaml")]}, "metadata.name"
    yield spec["version"] == "v" + version, "spec.version"
    yield re.fullmatch(r"v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", spec["version"]), "semantic version"
    yield spec["homepage"].startswith("https://"), "homepage"
    yield 0 < len(spec["shortDescription"]) <= 50, "shortDescription has at most 50 characters"
    yield not spec["shortDescription"].endswith("."), "shortDescription without a full stop"
    yield bool(spec["description"].strip()), "description"
    seen = set()
    for platform in spec["platforms"]:
        labels = platform["selector"].get("matchLabels", {})
        yield set(platform["selector"]) == {"matchLabels"} and set(labels) == SELECTORS, "selector"
        yield labels["os"] in PLATFORMS[0] and labels["arch"] in PLATFORMS[1], "a platform of krew"
        yield (labels["os"], labels["arch"]) not in seen, "selectors do not overlap"
        seen.add((labels["os"], labels["arch"]))
        name = f"kubectl-optasvc_{version}_{labels['os']}_{labels['arch']}.tar.gz"
        yield platform["uri"].startswith("https://") and platform["uri"].endswith("/" + name), "uri"
        yield from check_archive(os.path.join(dist, name), platform)
    yield seen == {(system, arch) for system in ("linux", "darwin") for arch in ("amd64", "arm64")}, "four platforms"


def output(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def flags_of(program, *command):
    """Returns the flags that help describes; examples come before them."""
    described = output(program, *command).split("lags:\n", 1)[1]
    return set(re.findall(r"^  (?:-., |    )(--[a-z-]+)", described, flags=re.M))


def words_of(program, *words):
    lines = output(program, "__complete", *words).splitlines()
    return {line.split("\t")[0] for line in lines if not line.startswith(":")}


def check_agree(bin_dir, readme):
    program = os.path.join(bin_dir, "kubectl-optasvc")
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    page = output(program, "__man").replace("\\-", "-")
    named = output(program, "help")
    commands = re.findall(r"^  (\S+(?: \S+)?)  +\S", named, flags=re.M)
    yield len(commands) > 20, "help lists the commands"
    firsts = {name.split()[0] for name in commands}
    yield words_of(program, "") == firsts, "completion of commands"
    every_flag = set()
    for name in commands:
        yield f"`{name}`" in text or f"kubectl optasvc {name}" in text or \
            re.search(rf"^\| `secret` .*`{name.split()[-1]}`", text, flags=re.M), f"README names {name}"
        if name == "help":
            continue
        yield f"\\fB{name}\\fR" in page, f"the manual page has {name}"
        flags = flags_of(program, "help", *name.split())
        yield flags == words_of(program, *name.split(), "--"), f"completion of the flags of {name}"
        section = page.split(f"\\fB{name}\\fR", 1)[1].split(".TP", 1)[0]
        yield set(re.findall(r"--[a-z-]+", section.split("Flags:", 1)[-1])) == flags - {"--color", "--help"} or \
            "Flags:" not in section and flags == {"--color", "--help"}, f"the manual page's flags of {name}"
        every_flag |= flags
    described = re.findall(r"^\.TP\n\\fB(?:-.\\fR, \\fB)?(--[a-z-]+)", page.split(".SH FLAGS")[1], flags=re.M)
    yield set(described) == every_flag, "the manual page describes every flag"
    plugin = os.path.join(bin_dir, "helm-postrender")
    flags = flags_of(plugin, "--help")
    yield flags == words_of(plugin, "--"), "completion of helm-postrender"
    yield all(flag in output(plugin, "__man").replace("\\-", "-") for flag in flags), "its manual page"
    # README has our flags alone in backquotes; flags of other tools follow their commands.
    ours = set(re.findall(r"`(--[a-z-]+)", text))
    yield ours <= every_flag | flags | {"--version"}, f"README names unknown flags: {ours - every_flag - flags}"


# Allowed commands of a step besides make: our scripts, which the tests run too, and tools of the runner.
RUNS = r"(apt-get |git config --global |tests/deps all$|bash \.ci/run$|gh |branch=\$\(krew/bump |\[ -z )"
# Permissions that a job may request besides read access.
PERMISSIONS = {"publish": {"contents": "write", "id-token": "write", "attestations": "write"}}


def check_workflows(root):
    with open(os.path.join(root, "Makefile"), encoding="utf-8") as file:
        targets = set(re.findall(r"^([a-z-]+):", file.read(), flags=re.M))
    directory = os.path.join(root, ".github", "workflows")
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            workflow = yaml.safe_load(file)
        yield workflow["permissions"] == {"contents": "read"}, f"{name} has only read permission"
        for title, job in workflow["jobs"].items():
            yield job.get("permissions") == PERMISSIONS.get(title), f"{name} requests no other permissions for {title}"
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        yield bool(steps), f"{name} has steps"
        for step in steps:
            if "uses" in step:
                yield re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"]), f"{step['uses']} is pinned"
                continue
            for line in step["run"].splitlines():
                if line.startswith("make "):
                    named = [word for word in line.split()[1:] if "=" not in word]
                    yield set(named) <= targets, f"make has {named}"
                else:
                    yield re.match(RUNS, line), line
                for script in re.findall(r"\b(?:krew|tests)/\w+", line):
                    path = os.path.join(root, script)
                    yield script == "krew/optasvc" or os.access(path, os.X_OK), f"{script} exists and is executable"


def main():
    check = {"krew": check_krew, "agree": check_agree, "workflows": check_workflows}[sys.argv[1]]
    failed = [name for ok, name in check(*sys.argv[2:]) if not ok]
    for name in failed:
        print("failed:", name)
    return 1 if failed else 0


sys.exit(main())
