import { playTogether } from './rooms.ts'

await playTogether('commands', 'pull-request')
