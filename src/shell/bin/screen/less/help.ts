/** What `h` shows in less: the keys that it knows here. Data only. */
export const HELP: readonly string[] = `
                   SUMMARY OF LESS COMMANDS

      Commands marked with * may be preceded by a number, N.

  h  H                 Display this help.
  q  :q  Q  :Q  ZZ     Exit.

                           MOVING

  e  ^E  j  ^N  CR  *  Forward  one line   (or N lines).
  y  ^Y  k  ^K  ^P  *  Backward one line   (or N lines).
  f  ^F  ^V  SPACE  *  Forward  one window (or N lines).
  b  ^B  ESC-v      *  Backward one window (or N lines).
  d  ^D             *  Forward  one half-window.
  u  ^U             *  Backward one half-window.
  RightArrow        *  Right one half screen width.
  LeftArrow         *  Left  one half screen width.
  F                    Forward forever; like "tail -f".
  r  ^R  ^L            Repaint screen.

                          SEARCHING

  /pattern          *  Search forward for (N-th) matching line.
  ?pattern          *  Search backward for (N-th) matching line.
  n                 *  Repeat previous search.
  N                 *  Repeat previous search in reverse direction.
  ESC-u                Undo (toggle) search highlighting.
  &pattern          *  Display only matching lines.

                           JUMPING

  g  <  ESC-<       *  Go to first line in file (or line N).
  G  >  ESC->       *  Go to last line in file (or line N).
  p  %              *  Go to beginning of file (or N percent into file).
  m<letter>            Mark the current position with <letter>.
  '<letter>            Go to a previously marked position.

                        CHANGING FILES

  :e [file]            Examine a new file.
  :n                *  Examine the (N-th) next file from the command line.
  :p                *  Examine the (N-th) previous file from the command line.
  =  ^G  :f            Print current file name.

                    MISCELLANEOUS COMMANDS

  -<flag>              Toggle a command line option.
  v                    Edit the current file with $VISUAL or $EDITOR.
  !command             Execute the shell command with $SHELL.`.split('\n').slice(1);
