
# Paths of values, objects, components, profiles and versions come from the program itself.
function __gitlab_render_values
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words 2>/dev/null
end
complete -c gitlab-render -n 'test -n (__gitlab_render_values | head -n 1)' -f -a '(__gitlab_render_values)'
for flag in set set-string set-json set-file set-literal profile gitlab-version from to from-gitlab to-gitlab component defaults
    complete -c gitlab-render -l $flag -r -f -a '(__gitlab_render_values)'
end
complete -c gitlab-render -s s -l show-only -r -f -a '(__gitlab_render_values)'
