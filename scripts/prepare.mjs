// What npm runs after an installation from a checkout, and before it packs one. `npm install -g` of a git repository, which is how pre-commit
// installs its hooks, hands --global on to the installation that prepares the package: that one gets no development dependencies then, and
// there is nothing to build with.
import { execSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const run = (line, env = {}) => execSync(line, { stdio: 'inherit', env: { ...process.env, ...env } })

if (!existsSync('node_modules/esbuild') && process.env['npm_config_global'] === 'true')
  run('npm ci --include=dev --ignore-scripts --no-audit --no-fund', { npm_config_global: 'false' })
// `npm cit` builds before its tests.
if (process.env['npm_command'] !== 'install-ci-test') run('npm run build')
