# The demo's application in .demo/app, and the two programs it runs as.
# Needs common.sh, machine.sh, extension.sh, processes.sh and laravel-framework.sh.

# prepare_app DIR   makes the application, with the extension built and the browser's libraries in public/vendor
prepare_app() {
    local app="$1" framework

    need_php
    need_node
    build_extension
    framework=$(laravel_framework) || fail "Laravel could not be fetched; its last lines are above"
    PHP="$REVERB_DEMO/php" make_app "$app" "$framework" || fail "the Laravel application could not be made; see above"
    # Two first requests at once would compile the same view, and one could read what the other has half written.
    (cd "$app" && quietly "$REVERB_DEMO/php" artisan view:cache) || fail "the application does not start; see above"
    npm_install "$app"
    copy_browser_libraries "$app"
}

# No bundler: both packages ship a file that a page can load as it is.
copy_browser_libraries() {
    mkdir -p "$1/public/vendor"
    cp "$1/node_modules/pusher-js/dist/web/pusher.min.js" "$1/node_modules/laravel-echo/dist/echo.iife.js" "$1/public/vendor/"
}

# start_app APP LOGS PORT APP_PORT   starts `reverb:start` and the application, and waits until both answer
start_app() {
    local app="$1" logs="$2" port="$3" app_port="$4"

    mkdir -p "$logs"
    export REVERB_HOST=127.0.0.1 REVERB_PORT="$port" REVERB_SCHEME=http REVERB_SERVER_PORT="$port"
    export APP_URL="http://127.0.0.1:$app_port" PHP_CLI_SERVER_WORKERS=4
    cd "$app" || fail "$app is gone"

    start "php artisan reverb:start" "$logs/reverb.log" \
        "$REVERB_DEMO/php" artisan reverb:start --host=127.0.0.1 --port="$port"
    reverb_program=$started
    start "php artisan serve" "$logs/app.log" \
        "$REVERB_DEMO/php" artisan serve --host=127.0.0.1 --port="$app_port" --tries=0 --no-reload
    await_started "php artisan reverb:start" "$port" "$reverb_program" "$logs/reverb.log"
    await_started "php artisan serve" "$app_port" "$started" "$logs/app.log"
}

await_started() {
    local name="$1" port="$2" program="$3" log="$4"

    await_port "$port" "$program" 60 && return 0
    tail -n 20 "$log" >&2
    fail "$name does not answer on port $port; what it said is above and in $log"
}
