import { render } from "preact";
import { EditorView } from "@codemirror/view";
import { sql } from "@codemirror/lang-sql";
import { autocompletion } from "@codemirror/autocomplete";
import { history } from "@codemirror/commands";
console.log(EditorView, sql, autocompletion, history);
render(<p>hello</p>, document.body);
