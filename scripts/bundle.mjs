// Puts the action that `npm run build` made, and the licences of what is in it, where GitHub runs them from: both are committed.
import { copyFile, mkdir } from 'node:fs/promises'

await mkdir('action', { recursive: true })
await copyFile('build/action.cjs', 'action/index.cjs')
await copyFile('dist/THIRD-PARTY-NOTICES.md', 'action/THIRD-PARTY-NOTICES.md')
