/** The terminal's sixteen colours in both schemes, each legible on its ground; names as asciinema has them. */
import type { ITheme } from '@xterm/xterm';

export const DARK: ITheme = {
  background: '#0d1014', foreground: '#dde2ea', cursor: '#ff8c42', cursorAccent: '#0d1014', selectionBackground: '#2f4a72', selectionInactiveBackground: '#26364f',
  black: '#2a3039', red: '#ff7a70', green: '#7fc99a', yellow: '#e5c07b', blue: '#7fb2f0', magenta: '#d39bea', cyan: '#74c7d6', white: '#cfd5de',
  brightBlack: '#7c8696', brightRed: '#ff9b93', brightGreen: '#9adbb1', brightYellow: '#f0d394', brightBlue: '#a3c9f7', brightMagenta: '#e1b8f2', brightCyan: '#98dae5', brightWhite: '#f4f6f9',
};
export const LIGHT: ITheme = {
  background: '#ffffff', foreground: '#20252e', cursor: '#b93c0b', cursorAccent: '#ffffff', selectionBackground: '#bcd6f7', selectionInactiveBackground: '#dbe6f4',
  black: '#20252e', red: '#b42318', green: '#1f6f43', yellow: '#8a5a00', blue: '#1b5fb3', magenta: '#8a3aa8', cyan: '#0b6b7c', white: '#5b6472',
  brightBlack: '#6b7483', brightRed: '#c93a2e', brightGreen: '#2a7f50', brightYellow: '#946200', brightBlue: '#2c6fc4', brightMagenta: '#9a4bb8', brightCyan: '#177a8c', brightWhite: '#2a303a',
};
