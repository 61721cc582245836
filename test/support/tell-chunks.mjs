// Loaded into the built program before its own code: once it ends, standard error has a line with the chunks that it loaded.
import { writeSync } from 'node:fs'
import { Module } from 'node:module'

process.on('exit', () => {
  const names = Object.keys(Module._cache).flatMap(path => /\/chunk-(\w+)/.exec(path)?.[1] ?? [])
  writeSync(2, `chunks: ${names.sort().join(' ')}\n`)
})
