import type { Scope } from '../model/scope.ts'

export function formatScope(scope: Scope): string {
  if (scope === 'all') return 'all projects'
  return scope.length <= 3 ? scope.join(', ') : `${scope.length} projects`
}
