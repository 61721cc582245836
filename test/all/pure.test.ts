import { playTogether } from './rooms.ts'

await playTogether('audit', 'model', 'plan', 'render')
