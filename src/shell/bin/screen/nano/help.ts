/** What ^G shows: the keys of nano 2.7 that this nano knows. Data only. */
export const HELP_TEXT = `The top line shows the version, the file and whether it was modified. The third
line from the bottom is for messages. Below it are the most used shortcuts.
^ is the Control key, M- is Alt (or Esc and then the key).

^G      (F1)            Display this help text
^X      (F2)            Leave; asks whether to save what was modified
^O      (F3)            Write the file
^R                      Insert another file
^W      (F6)            Search for a string
^\\                      Replace a string
^K      (F9)            Cut the current line and keep it for uncutting
^U      (F10)           Uncut what was cut
^J      (F4)            Justify the current paragraph
^C                      Show the position of the cursor
^_                      Go to a line and column
^Y      (F7)            One page up
^V      (F8)            One page down
M-\\                     The first line of the file
M-/                     The last line of the file
M-W                     Repeat the last search
^^      (M-A)           Set or unset a mark
M-6                     Copy the line or what is marked
M-U                     Undo
M-E                     Redo
^F ^B ^P ^N             Right, left, up, down
^Right ^Left            One word forward, one word back
^A ^E                   Beginning and end of the line
^H ^D                   Delete before and under the cursor
M-X                     Hide or show these two lines
M-C                     Keep showing the position`;
