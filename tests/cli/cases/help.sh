# shellcheck shell=bash
# Help of every command of both programs: its width, and its examples, which run.

# Prints the names of all commands, one a line.
commands() { "$optasvc" help | sed -n 's/^  \(secret [a-z]*\|[a-z-]*\)  .*/\1/p' | grep -vx help; }

# page NAME: the help of a command of kubectl optasvc, or of helm-postrender.
page() {
    # shellcheck disable=SC2086
    if [ "$1" = helm-postrender ]; then "$postrender" --help; else "$optasvc" help $1; fi
}

# Width

"$optasvc" help >shown
check "no line of help is wider than 80 columns" has_no '.\{81\}' shown
"$optasvc" help secret >shown
check "help secret shows how to use it" grep -qx "Usage: kubectl optasvc secret COMMAND \[flags\]" shown
check "no line of help secret is wider than 80 columns" has_no '.\{81\}' shown
for heading in Deploy Inspect Secrets Images Files Charts Other; do
    check "help has the group $heading" grep -qx "$heading:" <("$optasvc" help)
done
while read -r name; do
    page "$name" >shown
    check "no line of help $name is wider than 80 columns" has_no '.\{81\}' shown
    check "help $name has examples before flags" \
        test "$(grep -x 'Examples:\|Flags:\|Common flags:' shown | head -n 1)" = Examples:
    check "help $name has two to four examples" grep -q '^[234]$' <(grep -c '^  # ' shown)
    check "help $name has the common flags last but for kubectl's" \
        test "$(sed -n '/^Common flags:$/,$p' shown | grep -c ':$')" -le 2
done < <(commands && echo helm-postrender)

# page_on COLUMNS WORDS: what the program prints on a terminal of this width.
page_on() {
    local columns=$1
    shift
    script -qec "stty cols $columns; '$optasvc' $*" /dev/null </dev/null | tr -d '\r' >shown
}
if command -v script >"$scratch/which"; then
    for columns in 20:40 40:40 60:60 80:80 93:93 100:100 200:100; do
        page_on ${columns%:*} help apply
        # Neither the usage nor examples are wrapped, because users copy them.
        check "help on a terminal with ${columns%:*} columns" has_no ".\\{$((${columns#*:} + 1))\\}" \
            <(grep -v '^Usage: \|^  # \|^  kubectl optasvc apply ' shown)
        "$optasvc" help apply >narrow
        if [ ${columns#*:} = 80 ]; then check "it is as in a pipe" cmp shown narrow; fi
        if [ ${columns#*:} = 100 ]; then check "it is wider than in a pipe" has '.\{90\}' shown; fi
    done
    for words in explain "explain sticky_session" "explain initial_liveness_delay"; do
        # shellcheck disable=SC2086
        page_on 80 $words
        # shellcheck disable=SC2086
        "$optasvc" $words >narrow
        check "$words on a terminal" has_no '.\{81\}' shown
        check "$words in a pipe is not wrapped" has '.\{81\}' narrow
        check "the words of $words are the same" cmp <(tr -s ' \n' '\n' <shown) <(tr -s ' \n' '\n' <narrow)
        # shellcheck disable=SC2086
        page_on 40 $words
        check "$words on a narrow terminal" has_no '.\{41\}' <(sed 's/  *[^ ]*$//' shown)
    done
    page_on 80 env
    check "what follows a command in a hint is wrapped" has_no '.\{81\}' shown
    # messages COLUMNS: the errors of bad.yaml on a terminal of this width.
    messages() { script -qec "stty cols $1; '$optasvc' validate -f ./long.yaml --color never" /dev/null </dev/null | tr -d '\r' >shown; }
    {
        service app
        echo '    public_uri: app.example.com/a/rather/long/path/below/which/more/of/it/can/be/found/../x'
    } >long.yaml
    "$optasvc" validate -f ./long.yaml 2>narrow
    check "an error in a pipe is one line" has 'error: path of public_uri .* before the request$' narrow
    messages 200
    check "an error on a wide terminal has at most 100 columns" has_no '^[^ ].\{100\}' shown
    messages 60
    check "an error on a terminal is wrapped" has '^    [a-z]' shown
    grep -B 1 '^ *^~*$' narrow >quoted
    check "no line but that of the file and its caret is wider than the terminal" \
        has_no '.\{61\}' <(grep -vxFf quoted shown)
    check "the line of the file and its caret are as in a pipe" \
        cmp quoted <(grep -B 1 '^ *^~*$' shown)
    check "the words are the same" cmp <(tr -s ' \n' '\n' <shown) <(tr -s ' \n' '\n' <narrow)
else
    echo "cli: no script(1): the width of a terminal was not tested"
fi

# Examples. The other programs that they run are scripts, and there is no cluster.

mkdir -p examples/programs examples/home/.config/fish/completions examples/services
cd examples || exit 1
cat >programs/kubectl <<EOF
#!/bin/sh
case \$1 in
optasvc) shift && exec "$optasvc" "\$@" ;;
apply) cat >applied ;;
*)
    [ "\$2" = ingress,service ] && exec cat ingress.yaml
    echo "no cluster" >&2
    exit 1
    ;;
esac
EOF
cat >programs/helm <<'EOF'
#!/bin/bash
filter=()
while [ $# -gt 0 ]; do
    case $1 in --post-renderer*) filter+=("$2") && shift ;; esac
    shift
done
if [ ${#filter[@]} -gt 0 ]; then "${filter[@]}" <chart.yaml; else cat chart.yaml; fi
EOF
printf '#!/bin/sh\necho no daemon >&2\nexit 1\n' >programs/docker
printf '#!/bin/sh\necho A=1\n' >programs/sops
printf '#!/bin/sh\necho token\n' >programs/pass
# shellcheck disable=SC2016
printf '#!/bin/sh\ngrep -q "schema" "$2"\n' >programs/check-jsonschema
ln -s "$bin/kubectl-optasvc" "$bin/helm-postrender" programs
chmod +x programs/*
service web >services/web.yaml
{
    service web | sed 's/name: hello/name: shop/; s/nginx:1.29/nginx/'
    echo '    secrets: [API_TOKEN, TLS_KEY]'
} >fixed
{
    cat fixed
    echo 'environments: [{name: staging, path: environment.yaml}, {name: production, path: environment.yaml}]'
} >environments
{
    sed 's/image: nginx/image: AUTO/' fixed
    echo 'environments: [{name: staging, path: environment.yaml}]'
} >own
printf 'name: staging\nregistry: registry.example.com\n' >environment.yaml
echo '{name: shop, modules: [{name: web, type: k8s-service, termination_grace_period: 60}]}' >settings
sed 's/name: app/name: web/' ../chart.yaml >chart.yaml
cat ../both.yaml >ingress.yaml
echo A=1 >secrets.env
echo key >tls.key

# example NAME LINES: runs an example of a command. Without a cluster it may fail, but neither because of its usage nor
# because of its files.
example() {
    local name=$1 lines=$2 file=fixed expected=0
    [[ $lines != *" --diff"* ]] || expected=1 # there are differences
    case $lines in
    *" push "* | *" deploy "* | *" outputs "*) file=own ;;
    *--env*) file=environments ;;
    *helm*) file=settings ;;
    esac
    cp $file web.yaml
    HOME=$PWD/home PATH=$PWD/programs:$PATH KUBECTL_PATH=$PWD/programs/kubectl \
        bash -o pipefail -c "$lines" >"$out" 2>"$err" </dev/null
    status=$?
    sed -i '/stdin is not a terminal; pass --yes/d' "$err"
    case $name in
    render | validate | explain | schema | inject | convert-ingress | completion | version | helm-postrender)
        check "example of $name: $lines" test $status = $expected
        ;;
    *) check "example of $name: $lines" has_no '^error: \(unknown\|unexpected\|missing\|--\)\|^web.yaml.* error:' "$err" ;;
    esac
}
while read -r name; do
    page "$name" | sed -n '/^Examples:$/,/^\(Flags\|Common flags\):$/{/^  /p;/^$/p}' | grep -v '^  # ' |
        awk -v RS= -v ORS='\0' 1 >../lines
    while IFS= read -r -d '' lines; do example "$name" "$lines"; done <../lines
done < <(commands && echo helm-postrender)
cd .. || exit 1

# The manual page has the same groups and examples.

"$optasvc" __man | sed 's/\\-/-/g; s/\\e/\\/g; s/^\\&//' >shown
check "the manual page has the groups of help" \
    cmp <(sed -n 's/^\.SS //p' shown | head -n 7) <("$optasvc" help | sed -n 's/^\([A-Z][a-z]*\):$/\1/p')
while read -r name; do
    page "$name" | sed -n '/^Examples:$/,/^\(Flags\|Common flags\):$/{s/^  //p}' >lines
    check "the manual page has the examples of $name" test "$(grep -cxFf lines shown)" -ge "$(grep -c . lines)"
done < <(commands)
"$postrender" __man | sed 's/\\-/-/g; s/\\e/\\/g; s/^\\&//' >shown
page helm-postrender | sed -n '/^Examples:$/,/^\(Flags\|Common flags\):$/{s/^  //p}' >lines
check "its manual page has the examples of helm-postrender" test "$(grep -cxFf lines shown)" -ge "$(grep -c . lines)"
