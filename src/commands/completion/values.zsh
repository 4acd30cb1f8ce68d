
# Paths of values, objects, components, profiles and versions come from the program itself.
_gitlab-render_values() {
    local -a found open whole
    found=("${(@f)$("${words[1]}" __complete -- "${(@)words[1,CURRENT]}" 2>/dev/null)}")
    if (( ${#found} == 0 )) || [[ -z ${found[1]} ]]; then
        _gitlab-render "$@"
        return
    fi
    open=("${(@M)found:#*[.=\]]}")
    whole=("${(@)found:#*[.=\]]}")
    (( ${#open} )) && compadd -Q -S '' -a open
    (( ${#whole} )) && compadd -Q -a whole
    return 0
}
if [ "$funcstack[1]" = "_gitlab-render" ]; then
    _gitlab-render_values "$@"
fi
compdef _gitlab-render_values gitlab-render
