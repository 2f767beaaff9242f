"""`compact completion`: the shell script that completes verbs, options, indicators and areas."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.console.output import say
from schemas.errors import CompactError

SCRIPTS = {
    "bash": """\
_compact() {
    local IFS=$'\\n'
    COMPREPLY=($(compact completion --words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _compact compact""",
    "zsh": """\
#compdef compact
_compact() {
    local -a found
    found=("${(@f)$(compact completion --words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compadd -a found || _files
}
compdef _compact compact""",
    "fish": """\
function __compact_words
    set -l words (commandline -opc) (commandline -ct)
    compact completion --words $words[2..-1] 2>/dev/null
end
complete -c compact -a '(__compact_words)'""",
}
HINT = {
    "bash": 'eval "$(compact completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(compact completion zsh)"   # in ~/.zshrc, after compinit',
    "fish": "compact completion fish | source   # in ~/.config/fish/config.fish",
}


def completion(shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")]) -> None:
    """Print the shell script that completes verbs, options, indicators and areas."""
    if shell not in SCRIPTS:
        raise CompactError(f"no completion for {shell!r}", where="SHELL", allowed=", ".join(SCRIPTS))
    say(f"# {HINT[shell]}")
    say(SCRIPTS[shell])
