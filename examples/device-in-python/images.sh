#!/bin/sh
# The --image options of the conformance kit for the images of this example.
for image in factory:1.0.0 good:1.1.0 next:1.2.0 unhealthy:9.9.1 sickens:9.9.2 hangs:9.9.3; do
  version=${image#*:}
  printf -- '--image %s=examples/device-in-python/images/thermostat-%s.json@%s ' "${image%:*}" "$version" "$version"
done
