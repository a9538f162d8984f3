_jse_connector_completion() {
    local IFS=$'
'
    COMPREPLY=( $( env COMP_WORDS="${COMP_WORDS[*]}" \
                   COMP_CWORD=$COMP_CWORD \
                   _JSE_CONNECTOR_COMPLETE=complete_bash $1 ) )
    return 0
}

complete -o default -F _jse_connector_completion jse-connector
