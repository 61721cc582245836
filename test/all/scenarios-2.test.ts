import { playPart } from './rooms.ts'

await playPart('scenarios', 2, 6)
