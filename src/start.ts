#!/usr/bin/env node
// The program's first file, and the only one that help and version need. It is built as a script, not as a module: Node
// starts the loader of modules only where there is one to load.
import manifest from '../package.json' with { type: 'json' }
import { printOverview } from './cli/overview.ts'

if (!printOverview(process.argv.slice(2), manifest.version)) void import('./main.ts')
