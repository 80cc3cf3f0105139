# thermostat firmware
case "$1" in
  version) echo 1.2.0 ;;
  self-test)
    echo 'the sensor does not answer' >&2
    exit 1
    ;;
esac
