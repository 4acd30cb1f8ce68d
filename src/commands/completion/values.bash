
# Paths of values, objects, components, profiles and versions come from the program itself.
_gitlab_render_values() {
    local words line found prefix
    line=${COMP_LINE:0:COMP_POINT}
    # the words as the shell splits them: bash breaks them at `=` and `:` as well
    read -r -a words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    mapfile -t found < <("${words[0]}" __complete -- "${words[@]}" 2>/dev/null)
    if ((${#found[@]} == 0)); then
        _gitlab__render "$@"
        return
    fi
    prefix=${words[-1]}
    prefix=${prefix%"${prefix##*[=:]}"}
    COMPREPLY=("${found[@]#"$prefix"}")
    [[ ${COMPREPLY[0]} == *[.=\]] ]] && compopt -o nospace
    return 0
}
complete -F _gitlab_render_values -o bashdefault -o default gitlab-render
