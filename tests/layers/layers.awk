# Checks sources against the rules of tests/layers/run, and contains the table of layers.
function report(text) {
    print FILENAME ":" FNR ": " text
    failed = 1
}

BEGIN {
    allow["base"] = ""
    allow["os"] = "base"
    allow["format"] = "base"
    allow["yaml"] = "base"
    allow["config"] = "base os format yaml"
    allow["cloud"] = "base format yaml config"
    allow["service"] = "base format yaml config cloud"
    allow["manifest"] = "base os format yaml config cloud service"
    allow["convert"] = "base format yaml config service manifest"
    allow["chart"] = "base format yaml config service manifest convert"
    allow["cluster"] = "base os format yaml config service manifest"
    allow["registry"] = "base os format yaml config cloud service manifest"
    allow["import"] = "base format yaml config service manifest"
    allow["cli"] = "base os format yaml config chart cluster registry import"
    if (table) { # -v table=1: prints "DIRECTORY: DIRECTORIES", for the documents
        for (directory in allow)
            print directory ":" (allow[directory] ? " " allow[directory] : "")
        exit
    }
}

FNR == 1 {
    parts = split(FILENAME, path, "/")
    directory = path[parts - 1]
    library = path[parts - 2] == "common"
    if (library && !(directory in allow))
        report("no rule for the directory " directory "/: add it to tests/layers/layers.awk")
    if (library && path[parts] in seen)
        report("duplicate file name " path[parts] ": also in " seen[path[parts]])
    seen[path[parts]] = FILENAME
}

library && /^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, header, "\"")
    slash = index(header[2], "/")
    target = substr(header[2], 1, slash - 1)
    if (!slash)
        report("missing directory: include DIRECTORY/" header[2])
    else if (target != directory && index(" " allow[directory] " ", " " target " ") == 0)
        report(directory "/ must not include " target "/")
}

/^[ \t]*#[ \t]*include[ \t]*<(lib)?(fy|y)aml/ && FILENAME !~ /\/yaml\/parse_[a-z]+\.c$/ {
    report("only yaml/parse_*.c may include a YAML library")
}

FILENAME !~ /\/os\/console\.c$/ && FILENAME !~ /\.h$/ {
    code = $0
    gsub(/"([^"\\]|\\.)*"/, "\"\"", code) # strings
    sub(/\/\*.*/, "", code)               # comments
    sub(/^[ \t]*\*.*/, "", code)
    gsub(/(isatty|ioctl)\(STD(OUT|ERR)_FILENO/, "", code) # queries of a terminal
    gsub(/adddup2\([^;]*STD(OUT|ERR)_FILENO\)/, "", code) # redirections of a child
    sub(/F_DUPFD_CLOEXEC, STDERR_FILENO/, "", code)
    if (FILENAME ~ /\/base\/arena\.c$/)
        sub(/write\(STDERR_FILENO, message/, "", code) # out of memory: base/ is below os/
    if (code ~ /(^|[^a-zA-Z0-9_])(STD(OUT|ERR)_FILENO|stdout|stderr)([^a-zA-Z0-9_]|$)/ ||
        code ~ /(^|[^a-zA-Z0-9_])(v?printf|puts|putchar|perror|psignal) *\(/ ||
        code ~ /write[a-z_]*\([12],/)
        report("only os/console.c may write to stdout and stderr")
}

END { exit failed }
