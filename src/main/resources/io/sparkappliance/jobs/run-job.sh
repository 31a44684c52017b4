# Runs a job's command and leaves its exit code in a file: sh -c THIS run-job STATUS_FILE COMMAND [ARGUMENT…]
# So the code is known even when the gateway was gone by the time the command ended.
status=$1
shift

# The gateway writes this process down first. Where it died before it could, nobody would ever look
# for the command: then it must not run.
read -r _ || exit 125

# From before there is a child: whoever ends this process then would not learn how the command ended.
child=
stopped=
trap 'stopped=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP
"$@" </dev/null &
child=$!
[ -z "$stopped" ] || kill -TERM "$child" 2>/dev/null

# A signal ends `wait` early; the command is over only when it can't be signalled any more.
code=0
wait "$child" || code=$?
while kill -0 "$child" 2>/dev/null; do
  code=0
  wait "$child" || code=$?
done

printf '%s\n' "$code" >"$status.new" && mv "$status.new" "$status"
exit "$code"
