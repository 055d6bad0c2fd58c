/* Completion scripts. They run the hidden command __complete for candidates. */
#include "cli/completion.h"
#include "commands.h"

#include <stdlib.h>
#include <string.h>

/* bash splits words at COMP_WORDBREAKS and replaces only the text after the last break. It removes
 * quotes before completion, and quotes results only for `compopt -o filenames`. */
static const char bash[] =
    "# bash completion; in ~/.bashrc: source <(kubectl-optasvc completion bash)\n"
    "_optasvc() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} words current value answer lead=\"\" tail cut "
    "directive=4\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line != *[[:space:]] ]] || words+=(\"\")\n"
    "    current=${words[${#words[@]}-1]}\n"
    "    tail=${current##*[\"$COMP_WORDBREAKS\"]}\n"
    "    cut=${current%\"$tail\"}\n"
    "    cut=${cut%@} # keep an @ with the word that follows it\n"
    "    COMPREPLY=()\n"
    "    answer=$(\"${words[0]/#\\~/$HOME}\" __complete \"${words[@]:1}\" 2>/dev/null) || return "
    "0\n"
    "    while IFS= read -r line; do\n"
    "        case $line in\n"
    "        :*) directive=${line#:} ;;\n"
    "        ?*) line=${line%%$'\\t'*} COMPREPLY+=(\"${line#\"$cut\"}\") ;;\n"
    "        esac\n"
    "    done <<<\"$answer\"\n"
    "    [[ $directive == 0 ]] || return 0\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    value=$current\n"
    "    [[ $current != --*=* ]] || value=${current#*=} lead=${current%%=*}=\n"
    "    while IFS= read -r line; do\n"
    "        line=$lead$line COMPREPLY+=(\"${line#\"$cut\"}\")\n"
    "    done < <(compgen -f -- \"$value\")\n"
    "}\n"
    "complete -F _optasvc kubectl-optasvc helm-postrender\n";

static const char zsh[] =
    "#compdef kubectl-optasvc helm-postrender\n"
    "# zsh completion: save as _kubectl-optasvc in a directory of $fpath, or in ~/.zshrc after "
    "compinit:\n"
    "# source <(kubectl-optasvc completion zsh)\n"
    "_optasvc() {\n"
    "    local line directive=4\n"
    "    local -a values\n"
    "    for line in \"${(@f)$(\"${words[1]}\" __complete \"${(@)words[2,CURRENT]}\" "
    "2>/dev/null)}\"; do\n"
    "        case $line in\n"
    "        (:*) directive=${line#:} ;;\n"
    "        (?*) values+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
    "        esac\n"
    "    done\n"
    "    if [[ $directive == 0 ]]; then\n"
    "        compset -P '--*='\n"
    "        _files\n"
    "    else\n"
    "        _describe -t values value values\n"
    "    fi\n"
    "}\n"
    "if [[ $funcstack[1] == _kubectl-optasvc ]]; then\n"
    "    _optasvc \"$@\"\n"
    "else\n"
    "    compdef _optasvc kubectl-optasvc helm-postrender\n"
    "fi\n";

static const char fish[] =
    "# fish completion: kubectl-optasvc completion fish > "
    "~/.config/fish/completions/kubectl-optasvc.fish\n"
    "function __optasvc_complete\n"
    "    set -l words (commandline -opc)\n"
    "    set -l current (commandline -ct)\n"
    "    for line in ($words[1] __complete $words[2..-1] $current 2>/dev/null)\n"
    "        switch $line\n"
    "            case ':0'\n"
    "                set -l lead (string match -r -- '^--[^=]*=' $current)\n"
    "                for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' "
    "$current))\n"
    "                    echo \"$lead$path\"\n"
    "                end\n"
    "            case ':*'\n"
    "            case '*'\n"
    "                echo $line\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c kubectl-optasvc -f -a '(__optasvc_complete)'\n"
    "complete -c helm-postrender -f -a '(__optasvc_complete)'\n";

static const struct {
    const char *name;
    const char *script;
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

enum { SHELL_COUNT = COUNT_OF(shells) };

static void complete_shells(struct completion *completion)
{
    for (size_t i = 0; i < SHELL_COUNT; i++)
        completion_add(completion, str_from_c(shells[i].name), STR("shell"));
}

static int run_completion(const struct invocation *invocation)
{
    for (size_t i = 0; i < SHELL_COUNT; i++)
        if (strcmp(shells[i].name, invocation->arguments.items[0]) == 0)
            return console_finish(str_from_c(shells[i].script));
    return cli_usage(invocation, "the shell must be bash, zsh or fish");
}

const struct command command_completion = {
    .name = "completion",
    .group = GROUP_OTHER,
    .arguments = "bash|zsh|fish",
    .min_args = 1,
    .max_args = 1,
    .summary = "Print a shell completion script",
    .details = "For bash, add to ~/.bashrc: source <(kubectl-optasvc completion bash). For "
               "`kubectl optasvc`, kubectl runs kubectl_complete-optasvc, which must be in PATH.",
    .examples =
        EXAMPLES({"Complete words in this bash", "source <(kubectl-optasvc completion bash)"},
                 {"Complete words in fish, from the next start on",
                  "kubectl-optasvc completion fish \\\n"
                  "    >~/.config/fish/completions/kubectl-optasvc.fish"}),
    .run = run_completion,
    .complete = complete_shells,
};
