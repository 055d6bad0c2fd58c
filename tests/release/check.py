#!/usr/bin/env python3
"""Checks the files that `make dist` created.

usage: check program PLATFORM FILE...           linked libraries, hardening, signature
       check sbom DIST VERSION COMPONENTS       SPDX's own validator, and the contents
       check argocd ROOT DIST DIRECTORY         builds the image in DIRECTORY and runs Argo CD's command there
"""
import glob
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile

import yaml

MACHINES = {"linux_amd64": 62, "linux_arm64": 183, "darwin_amd64": 0x01000007, "darwin_arm64": 0x0100000c}
LOAD_SYMBOLS, LOAD_LIBRARY, LOAD_SIGNATURE = 0x2, 0xc, 0x1d
LOAD, INTERPRETER, STACK = 1, 3, 0x6474e551


def check_elf(data, machine):
    """A static, position-independent program without memory that is both writable and executable."""
    yield data[:6] == b"\x7fELF\2\1" and struct.unpack_from("<HH", data, 16) == (3, machine), "ELF, ET_DYN"
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    headers = [struct.unpack_from("<IIQQQQ", data, offset + i * size) for i in range(count)]
    kinds = [kind for kind, *_ in headers]
    yield INTERPRETER not in kinds, "static"
    yield STACK in kinds, "has PT_GNU_STACK"
    yield not [flags for kind, flags, *_ in headers if kind in (LOAD, STACK) and flags & 3 == 3], "no segment is writable and executable"
    sections, = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    yield 2 not in [struct.unpack_from("<I", data, sections + i * size + 4)[0] for i in range(count)], "stripped"


def check_signature(data, at):
    """The signed hash of each page is correct; otherwise macOS kills the program."""
    count, = struct.unpack_from(">I", data, at + 8)
    blobs = [at + struct.unpack_from(">I", data, at + 16 + 8 * i)[0] for i in range(count)]
    directory = next(blob for blob in blobs if struct.unpack_from(">I", data, blob)[0] == 0xfade0c02)
    hashes, _, _, pages, limit = struct.unpack_from(">IIIII", data, directory + 16)
    length, kind, _, shift = struct.unpack_from("BBBB", data, directory + 36)
    yield (length, kind, limit) == (32, 2, at), "everything before the signature is signed, with SHA-256"
    wanted = [hashlib.sha256(data[i << shift:min(i + 1 << shift, limit)]).digest() for i in range(pages)]
    yield pages == -(-limit // (1 << shift)), "each page is signed"
    yield b"".join(wanted) == data[directory + hashes:directory + hashes + 32 * pages], "the hashes of the pages are correct"


def check_macho(data, machine):
    magic, cpu, _, kind, count, _, flags = struct.unpack_from("<IIIIIII", data)
    yield (magic, cpu, kind) == (0xfeedfacf, machine, 2), "a macOS program"
    yield bool(flags & 0x200000), "position-independent"
    at, commands = 32, []
    for _ in range(count):
        command, size = struct.unpack_from("<II", data, at)
        commands.append((command, data[at:at + size]))
        at += size
    libraries = [body[24:].rstrip(b"\0") for command, body in commands if command == LOAD_LIBRARY]
    yield libraries == [b"/usr/lib/libSystem.B.dylib"], f"links only the system library, not {libraries}"
    symbols = next(body for command, body in commands if command == LOAD_SYMBOLS)
    yield 0 < struct.unpack_from("<I", symbols, 12)[0] < 300, "stripped"
    signature = [body for command, body in commands if command == LOAD_SIGNATURE]
    yield bool(signature) or machine == MACHINES["darwin_amd64"], "signed"
    for body in signature:
        yield from check_signature(data, struct.unpack_from("<I", body, 8)[0])


def check_program(platform, *paths):
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        check = check_elf if platform.startswith("linux") else check_macho
        for right, what in check(data, MACHINES[platform]):
            yield right, f"{platform} {os.path.basename(path)}: {what}"


def check_sbom(dist, version, components):
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    path = os.path.join(dist, f"optasvc-{version}.spdx.json")
    messages = validate_full_spdx_document(parse_file(path))
    yield not messages, [message.validation_message for message in messages]
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    yield document["spdxVersion"] == "SPDX-2.3", "SPDX 2.3"
    packages = {package["name"]: package for package in document["packages"]}
    links = {(each["spdxElementId"], each["relationshipType"], each["relatedSpdxElement"])
             for each in document["relationships"]}
    with open(components, encoding="utf-8") as file:
        rows = [line.split() for line in file if not line.startswith("#")]
    for name, number, license, _, _ in rows:
        yield packages[name].get("versionInfo", "-") == number, f"the version of {name}"
        yield packages[name]["licenseDeclared"] == license, f"the license of {name}"
    yield {"libfyaml", "libyaml"} <= {row[0] for row in rows}, "both YAML libraries"
    with open(os.path.join(dist, "SHA256SUMS"), encoding="utf-8") as file:
        sums = {name: value for value, name in map(str.split, file)}
    released = [name for name in sums if name.endswith((".tar.gz", ".tgz", ".deb"))]
    yield len(released) == 7, "four archives, the Helm plugin, two Debian packages"
    for name in released:
        package = packages[name]
        yield package["checksums"] == [{"algorithm": "SHA256", "checksumValue": sums[name]}], f"the checksum of {name}"
        linked = {other for one, kind, other in links if one == package["SPDXID"] and kind == "STATIC_LINK"}
        wanted = {packages[row[0]]["SPDXID"] for row in rows if row[0] != "musl" or "darwin" not in name}
        yield linked == wanted, f"the components of {name}"


def image(root, dist, directory):
    """Executes argocd/Dockerfile in a directory. Returns its environment variables."""
    variables = {}
    with open(os.path.join(root, "argocd", "Dockerfile"), encoding="utf-8") as file:
        steps = [line.split() for line in file if line.strip() and not line.startswith("#")]
    assert steps.pop(0) == ["FROM", "scratch"]
    for word, *rest in steps:
        if word in ("ADD", "COPY"):
            source, target = rest
            source = source.replace("${TARGETARCH}", "amd64")
            where = os.path.join(dist, source[len("dist/"):]) if source.startswith("dist/") else os.path.join(root, source)
            found, = glob.glob(where)
            target = directory + target
            if word == "ADD":
                with tarfile.open(found) as archive:
                    archive.extractall(target, filter="tar")
            else:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy(found, target)
        elif word == "ENV":
            variables.update(each.split("=", 1) for each in rest)
        else:
            assert (word, rest) in [("ARG", ["TARGETARCH"]), ("USER", ["999"])], word
    return variables


def check_argocd(root, dist, directory):
    directory = os.path.join(directory, "image")
    variables = image(root, dist, directory)
    os.chmod(directory, 0o755)
    config = os.path.join(directory, "home/argocd/cmp-server/config/plugin.yaml")
    with open(config, encoding="utf-8") as file:
        plugin = yaml.safe_load(file)
    yield (plugin["apiVersion"], plugin["kind"]) == ("argoproj.io/v1alpha1", "ConfigManagementPlugin"), "kind"
    yield set(plugin) == {"apiVersion", "kind", "metadata", "spec"} and set(plugin["spec"]) == {"generate"}, "fields"
    yield re.fullmatch("[a-z]+", plugin["metadata"]["name"]), "name"
    generate = plugin["spec"]["generate"]
    # The build context contains exactly the files that the Dockerfile uses.
    with open(os.path.join(root, "argocd", "Dockerfile.dockerignore"), encoding="utf-8") as file:
        yield file.read().splitlines() == ["*", "!dist/*_linux_*.tar.gz", "!argocd/plugin.yaml"], ".dockerignore"
    with open(os.path.join(root, "argocd", "sidecar.yaml"), encoding="utf-8") as file:
        container, = yaml.safe_load(file)["spec"]["template"]["spec"]["containers"]
    yield container["command"] == ["/var/run/argocd/argocd-cmp-server"], "the command of the sidecar"
    yield container["securityContext"]["runAsUser"] == 999, "the user of the sidecar"
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    yield mounts == {"/var/run/argocd", "/home/argocd/cmp-server/plugins", "/tmp"}, "the volumes of the sidecar"
    # argocd-cmp-server unpacks the Application's directory below /tmp and runs the command in it.
    application = "/tmp/_cmp_server/application"
    shutil.copytree(os.path.join(root, "examples", "hello"), directory + application)

    def enter():
        os.chroot(directory)
        os.chdir(application)
        os.setgid(999)
        os.setuid(999)

    # Go searches for the program in PATH. Python would search before chroot, so search here.
    names = [os.path.join(path, generate["command"][0]) for path in variables["PATH"].split(":")]
    program = next((name for name in names if os.path.exists(directory + name)), "/missing")
    done = subprocess.run([program, *generate["command"][1:], *generate["args"]], env=variables, preexec_fn=enter,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    yield done.returncode == 0, "generate"
    sys.stdout.write(done.stdout.decode())


def main():
    check = {"program": check_program, "sbom": check_sbom, "argocd": check_argocd}[sys.argv[1]]
    wrong = [what for right, what in check(*sys.argv[2:]) if not right]
    for what in wrong:
        print("wrong:", what, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
