#!/usr/bin/env node
// The bin, and the only file that a Node too old for the others has to parse: so it is written in the JavaScript of 2009.
/* eslint-disable no-var, @typescript-eslint/no-require-imports */
var oldest = [20, 19] as const
var version = process.versions.node.split('.')
var major = Number(version[0])

if (major > oldest[0] || (major === oldest[0] && Number(version[1]) >= oldest[1])) require('./first.ts')
else {
  process.stderr.write(
    'fluxloop-keys needs Node ' +
      oldest.join('.') +
      ' or newer, and this is Node ' +
      process.versions.node +
      '. Install a newer one from https://nodejs.org, or choose it with your version manager.\n',
  )
  process.exitCode = 1
}
