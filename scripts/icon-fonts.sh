#!/bin/sh
# Cuts the icon fonts to the glyphs that app-core/src/icons.rs names.
# Usage: scripts/icon-fonts.sh FOLDER, the unpacked npm package @phosphor-icons/web 2.1.2. Needs pyftsubset (fonttools).
set -eu
package=${1:?the folder of the unpacked package}
cd "$(dirname "$0")/.."
codes=$(grep -o 'u{[0-9a-f]*}' app-core/src/icons.rs | tr -d 'u{}' | sort -u | tr '\n' ',')
for style in Regular Fill; do
    case $style in Regular) from=regular/Phosphor.ttf ;; *) from=fill/Phosphor-Fill.ttf ;; esac
    pyftsubset "$package/src/$from" --unicodes="$codes" --output-file="assets/fonts/Phosphor-$style-subset.ttf"
done
