#!/usr/bin/env node
// The bin, and the only file that a Node too old for the others has to parse: so it is written in the JavaScript of 2009.
/* eslint-disable no-var, @typescript-eslint/no-require-imports */
var oldest = [20, 19] as const
var version = process.versions.node.split('.')
var major = Number(version[0])
var args = process.argv.slice(2)
var words = ['-h', '--help', 'help', '-v', '--version', 'version']

/** Nearly: what is not meant so after all, the first file passes on. */
function asksForWords() {
  for (var i = 0; i < args.length && args[i] !== '--'; i++)
    if (words.indexOf(args[i] as string) >= 0) return true
  return args.length === 0
}

if (major > oldest[0] || (major === oldest[0] && Number(version[1]) >= oldest[1])) {
  // Nobody else waits for the texts of help.
  if (asksForWords()) require('./first.ts')
  else require('./program.ts')
} else {
  process.stderr.write(
    'fluxloop-keys needs Node ' +
      oldest.join('.') +
      ' or newer, and this is Node ' +
      process.versions.node +
      '. Install a newer one from https://nodejs.org, or choose it with your version manager.\n',
  )
  process.exitCode = 1
}
