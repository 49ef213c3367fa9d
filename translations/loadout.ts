<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" sourcelanguage="en">
 <context>
  <name>AboutDialog</name>
  <message>
   <source>About Loadout</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Chat with local language models. Every load setting is a dial, and every dial shows what it costs.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp's own version and backend are known once a model is loaded.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ActionBar</name>
  <message>
   <source>Alternative {n} of {count}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Next alternative</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Previous alternative</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>AskGuide</name>
  <message>
   <source>Ask the Guide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ask the Guide about {setting}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Its question is sent to the model that comes with Loadout</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>AskGuideMark</name>
  <message>
   <source>Ask the Guide about {setting}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>BubbleView</name>
  <message>
   <source>Show more ({n} characters)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>You</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Chat</name>
  <message>
   <source>A device that holds part of the model has stopped answering.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A sampling setting cannot be used.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>An earlier message is another one than before, so everything from there on was read again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Change it in the Sampling tab, then try again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Check the device, then load the model again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose another template in the Load tab and reload the model.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Context full: messages in the middle ({messages}, {tokens} tokens) were left out here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Context full: the oldest messages ({messages}, {tokens} tokens) were left out here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Continue it, or regenerate it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Correct it in the Sampling tab, then try again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ended by</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>From the cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Generated</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Guessed ahead</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Had been read</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In all</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load the model again, then regenerate or continue. The log says what it was doing.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load the model with a longer context, or let older turns be dropped (Preferences).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load the model with a longer context, or start a new conversation.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load the model with a shorter context or fewer layers on the GPU, then try again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not more because</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Other conversations needed the place in the cache. More parallel slots, a longer context or a larger prompt cache in main memory (Load tab) keep it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Part of the conversation was left out to fit the context, so what follows the gap was read again. A longer context avoids it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompt</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reused</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Since it was loaded, the model had not read this conversation, and nothing of it was kept on disk.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Something went wrong in Loadout.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Speed by guessing</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The chat template failed on this conversation.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The chat template writes earlier messages differently once others follow, for example without their thinking, so what comes after was read again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The context filled up during this reply: {tokens} earlier tokens were dropped while it was written.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The context is full, so this reply ended early.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The context is full.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The conversation is longer than the context.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The grammar or JSON schema cannot be used.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The last reply's text is cut into other tokens than it was generated as, so it was read again from there.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model keeps only the latest tokens of its sliding window and cannot go back further. The full-size sliding-window cache (Load tab) avoids it, for more memory.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model's process ended during this reply.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model's recurrent state cannot be taken back to an earlier place. A larger prompt cache in main memory (Load tab) keeps the state of each prompt's end.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The reply could not be made.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The system prompt is another one than before, so everything after its change was read again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There was not enough memory for this reply.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This reply was interrupted: the app ended while it was written.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>To first token</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try again; if it happens again, its message and the log say more.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try again; the log has the details.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Written</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>a speed over fewer than {n} tokens says little</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>cached {cached}/{total}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>cached {n}/{all}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>cached {n}/{all} (disk)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>cached {n}/{all} (memory)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>context full</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>conversation shortened</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>end of turn</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>evicted by others</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>first read since loading</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>generating</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>guessed {right}/{all} ({share})</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp could not go on.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>message edited</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>nothing guessed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>of these right</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>prompt {speed}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>reading the prompt</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>recurrent state</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>reply tokenised anew</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>sliding window moved on</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>stop string</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>stopped by you</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>system prompt changed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>template rewrites old messages</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>token limit reached</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>waiting for the model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{done} / {total} tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{factor} by guessing</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{factor} of plain decoding, by the costs measured</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} from the cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {all} prompt tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} tokens after the last reply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} tokens in {time}, {speed}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} tokens, {share}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{time} to first token</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{what}, from disk</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{what}, from main memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{what}, in the KV cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>≈ {speed}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ChatPage</name>
  <message>
   <source>Changed in the plan. It takes effect when the model is loaded again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model file, set its dials at the right, load it, and chat with it here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Conversations cannot be saved for now ({reason}). Nothing is lost while Loadout runs.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loading {model}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>New conversation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No model is loaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Return sends, Shift+Return makes a new line. The figures of each reply appear under it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Saved. There is no reply: a model must be loaded and idle for one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Say something to {model}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Set its dials at the right, load it, and chat with it here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>You can write your first message meanwhile.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{model} is not loaded yet</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>“{title}” deleted</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ChatTab</name>
  <message>
   <source>Asks the chat template to let the model think before it answers, or not to. Only models with such a switch in their template heed it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Delete</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Follow the Sampling tab</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Follows the Sampling tab.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>For this conversation only, from its next reply on. A changed system prompt means that the whole conversation is processed again once.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Has its own: {values}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Insert</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Insert a saved system prompt</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keep the present sampling here</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keeps the preset {name}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Sampling of this conversation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save prompt</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save this prompt as…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Saved as {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Settings of this conversation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>System prompt</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>System prompt of this conversation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>That name comes with the app; choose another.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Thinking</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This conversation keeps these values, whatever the Sampling tab says later</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What the model is told before the conversation begins. Empty: nothing.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>model's own</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>on</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} deleted</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>CompareDialog</name>
  <message>
   <source>1 setting differs.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Compare</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>First</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No setting differs.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Second</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Setting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What differs</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} settings differ.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Composer</name>
  <message>
   <source>Can be sent once the reply has ended</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model and load it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Conversation and draft are longer than the context ({share} of it): the next reply is written without some of the older turns, as set in Preferences.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Conversation and draft are longer than the context ({share} of it): they cannot be sent. Load the model with a longer context, or let older turns be dropped (Preferences).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load a model to chat</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load {model}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Message</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Message {model}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Send</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Send (Return); Shift+Return for a new line</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stop</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stop the reply (Escape)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>System prompt</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The context is filling up ({share}). A longer one can be set in the Load tab.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The context is nearly full ({share}): the next reply will be short, or turns are left out.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The conversation and your draft take {share} of the context.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model is being loaded…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{used} / {size} tokens</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ContextChoice</name>
  <message>
   <source>Context that the fit is found for</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How long the context shall be, in tokens: the longer, the more memory it takes</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the model's own</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} tokens</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ConversationList</name>
  <message>
   <source>Conversations</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Conversations appear here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Delete</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>New conversation (Ctrl+N)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing found for “{text}”.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Rename</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search conversations</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search titles and messages (Ctrl+K)</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ConversationModel</name>
  <message>
   <source>New conversation</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Crosshair</name>
  <message>
   <source>generating</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>loading</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>reading the prompt</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{when} · {phase}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>−{m}:{s} min</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>−{n} s</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Desktop</name>
  <message>
   <source>About Loadout</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add model files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>All files (*)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GGUF models (*.gguf *.GGUF)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keyboard shortcuts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open the folder of logs</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DeviceLine</name>
  <message>
   <source>1 layer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>KV cache {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>accelerator</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>buffers {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>drafting {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>integrated GPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>memory unknown</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>other programs {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>output {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>processor</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>remote</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the loaded model holds nothing here</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>weights {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{free} free of {total}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} layers</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DevicesPage</name>
  <message>
   <source>A model too large for this computer can be spread over several. Start a remote worker on another one, as shown below, and add its address here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add the remote worker</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Address of a remote worker: host or host:port</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ask all remote workers again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model first: what is used belongs to its plan.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Devices</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How the layers are split</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Lend another computer's devices</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Looking for devices…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No GPU was found that this build of llama.cpp can use.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Other computers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This computer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>host or host:port</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{endpoint} was taken off the list</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DiscoverPage</name>
  <message>
   <source>Access token, for gated models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Browse</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Discover</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Downloads  {n}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Models or downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search, or paste a model's address</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DownloadBadge</name>
  <message>
   <source>A download failed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Downloading: {figures}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DownloadNotes</name>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{title} could not be downloaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{title} has been downloaded</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DownloadRow</name>
  <message>
   <source>Cancel {title}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose another folder…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Download {title} again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Earlier</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Later</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load {title}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>More for {title}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open its page in the browser</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open the model's page</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Pause {title}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Resume {title}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Set an access token…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show {title} in the file manager</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Take {title} off the list; the files stay</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file was moved or deleted since it was downloaded.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>To the front of the queue</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try again now</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try {title} again now</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Downloads</name>
  <message>
   <source>Checking</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Connecting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Downloading</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Failed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>File gone</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Finished</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hugging Face's cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>New downloads go to {place}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>New downloads go to {place}, where {free} are free</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Paused</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Trying again soon</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Waiting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>tries again in {time}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>tries again now</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} asks for a pause after too many requests.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{h} h {m} min</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} min</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} s</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{part} checked</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{part} of {whole}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{promised} of it for this queue</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{time} left</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DownloadsView</name>
  <message>
   <source>Change…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose another folder for downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Clear finished</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find a model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Finished</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In the queue</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing is being downloaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Pause all</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Resume all</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Takes what is finished off the list; the files stay</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The folder could not be opened</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What you download from Discover is listed here. Downloads go on where they stopped, also after the app was closed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{title} was cancelled</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{title} was taken off the list</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DraftEditor</name>
  <message>
   <source>All files (*)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a draft model…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GGUF models (*.gguf *.GGUF)</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DraftMenu</name>
  <message>
   <source>Browse…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Can draft for this model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cannot be used</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model first.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find one in Discover</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Looking at the models…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Looking at the models… {n} so far</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No draft model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing found.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There is no other model yet.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Drafting</name>
  <message>
   <source>Drafts often end at the limit of {n_max} tokens while still being right: {best} tokens promise {promised}, against {speed} as it was. Raise the longest draft and load again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drafts were made for {drafted} of {steps} steps: by the costs and the right guesses measured here, more would not pay. Without it the memory that it takes is free, at the same speed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It is hardly used: turn it off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It makes little difference: {speed} of plain speed, with {chance} of the guesses checked right.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keep it on</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Later guesses are seldom right: by the costs measured, drafts of {best} tokens promise {promised}, against {speed} as it was. Lower the longest draft to {best} and load again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not enough measured yet</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing has been guessed so far: guesses are made only where there is something to guess by, and where the costs measured here say that they can pay.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>On this machine checking a draft costs more than it can win: even with every guess right, drafts of {length} tokens would not pay. Measured: {speed} of plain speed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Set to {n} in the plan</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try longer drafts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try shorter drafts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Turn drafting off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Turn off in the plan</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What a step without a draft takes here was not measured: drafts are made whether they pay or not. Let only those be made that pay, and it will be.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>a draft model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>guesses by the model's own heads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>guesses by {model}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>guesses from the text so far</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>out of reach</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{chance} of the guesses checked were right; at what a draft costs here, {even} are needed. Measured: {speed} of plain speed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} drafts have been checked so far; from {needed} on there is something to say.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{speed} of plain speed: {chance} of the guesses checked were right, and from {even} on drafts of {length} tokens pay.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DraftingDialog</name>
  <message>
   <source>All {n} replies of these models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Assistant</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Dashed: break-even.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drafting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Guess {n}: {right} of {checked} right ({share})</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Looking guesses up costs next to nothing.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing was guessed in this reply.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>One guess costs {time}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only guesses after right ones are checked.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Right guesses by position in the draft</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This reply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What a step costs here</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>break-even</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>break-even, drafts of {n}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>guesses right</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>guesses right, {share}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>of plain speed, estimated</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>per token</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>time</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>tokens a step</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{right} of {all}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Drafts</name>
  <message>
   <source>For {name} ({size}) a draft model of up to {limit} is advised.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It must share this model's vocabulary: get the smallest model of the same family, up to {limit} parameters.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Larger than advised</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The size suits this model</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>DropTarget</name>
  <message>
   <source>Drop to add to the list</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>EmptyViews</name>
  <message>
   <source>Adapters, projectors, control vectors and
embedding models are listed here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add a folder with GGUF files, or drop files here.
They stay where they are.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add a folder…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Clear the search</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Every file that was found can be used.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find one to download</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Names, files, architectures and quantisations
of this view are searched.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No chat models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No models of your own yet</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No models yet</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No other files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No problems</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>None of the files that were found can be chatted with.
The other views say why.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing matches “{text}”</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Searching for models…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What is found appears here at once.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>EntriesEditor</name>
  <message>
   <source>Add</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add a file…</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FaultDialog</name>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What the log says last</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FaultWords</name>
  <message>
   <source> or </source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A device was lost while loading {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A remote worker is gone</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A setting does not suit {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Another machine went away or is busy, or a driver stopped. Check that loadout rpc-worker runs there and that the network is up, then load again; or load without it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Change the setting {setting} and load again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Check that loadout rpc-worker runs there and that the network is up, then load again; or load without it, if what is left has room for the model.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Check that loadout rpc-worker runs there, that no other program uses it and that the network is up, then load again; or load without it, if what is left has room for the model.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose another chat template among the load settings; the model's own is not used then.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Remote workers do not answer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The chat template of {name} does not work</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file is missing, damaged, not finished downloading, or of a kind that this version of llama.cpp does not know. Check it, or download it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The log below has llama.cpp's own words.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The remote worker {endpoint} does not answer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The remote worker {endpoint} is gone</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker crashed reading memory that is not there (SIGBUS). The model file may have been changed, or its disk removed, while it was loaded.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker crashed: it touched memory that is not its own (SIGSEGV).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker ended by itself with exit code {code}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker met an instruction that this processor does not have (SIGILL). This build of llama.cpp was made for another one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker stopped itself on an error that it could not survive (SIGABRT).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker stopped on an impossible calculation (SIGFPE).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker was asked to end by another program (SIGTERM).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker was ended by {signal}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker was killed (SIGKILL). Most often the system does that when memory runs out.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There is not enough memory for {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is a defect of Loadout. The log below says where.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try a smaller plan: a shorter context, a quantised KV cache, fewer layers on the GPU, or a model with a smaller quantisation. Closing other programs helps too.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{endpoints} held part of {name} and no longer answers, so the model had to be given up. What it had written is kept, and marked as interrupted.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} cannot be used</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} could not be loaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} was not loaded: {why}.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FiguresLine</name>
  <message>
   <source>Speed, memory and load</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FilterBar</name>
  <message>
   <source>Any access</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Any architecture</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Any licence</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Any size</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Architecture of the model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Clear filters</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GGUF only</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Gated only</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Licence of the model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only models that come as GGUF files, which Loadout can load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open only</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Order of the results</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Over {n}B</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Size of the model, in parameters</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Up to {n}B</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Whether terms have to be accepted before a download</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{least}B to {most}B</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FindBar</name>
  <message>
   <source>Close (Escape)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find in this conversation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Next (Return)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Previous (Shift+Return)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>none</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FitDialog</name>
  <message>
   <source>1 plan measured in {time}, without loading it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>1 plan that fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Asking llama.cpp for the exact memory of each candidate…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancel the search</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Change what to keep, or search again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find what fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keep as they are</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mend the plan first, or look into the Logs page for llama.cpp's own words.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No plan leaves free what the guard keeps free; this comes nearest</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not everything was tried: with more settings kept as they are there is less to try.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing was found in {time}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Plans that fit</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Puts these settings into the panel; one undo takes them back</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Searching</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The search could not be made</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The search was cancelled</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There is no model to fit.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Use this plan</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not everything was tried</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} plans measured in {time}, without loading any</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} plans that fit</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FitWords</name>
  <message>
   <source>Close other programs, or choose a file with a smaller quantisation or fewer parameters.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Closing other programs is not enough. Choose a file with a smaller quantisation or fewer parameters: what the weights take cannot be changed by settings.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>K {k}, V {v}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Other settings may work; the Logs page has llama.cpp's own words.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The plan as it stands: nothing changes</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The smallest plan found, {plan}: {verdict}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Untick some of what is to be kept: {titles}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>all layers on the CPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>experts of {n} on the CPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp refuses every plan: {why}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>no drafting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total} layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{size} left</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{size} too much</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{type} KV</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FoldersEditor</name>
  <message>
   <source>Add a folder…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Take {folder} off the list</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FoldersMenu</name>
  <message>
   <source>Add a folder…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add the models of {program}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search all folders again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Searched folders</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stop searching this folder</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>FoldingEditor</name>
  <message>
   <source>1 entry</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} entries</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Footer</name>
  <message>
   <source>Everything that the file says about itself</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Get the newer version</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hide the Guide (Delete)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load the selected model (Return)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Metadata…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Remove from the list (Delete); the file stays</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show in the file manager</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Update</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Format</name>
  <message>
   <source>just now</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>yesterday</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{h} h {m} min</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{m} min {s} s</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} min ago</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} ms</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} s</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{speed} tok/s</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Gguf</name>
  <message>
   <source>GGUF version {version} is newer than this Loadout knows. Update it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No permission to read the file. Change its permissions or move it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file cannot be read: {detail}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file does not name its architecture. Download another conversion.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file ends inside its header. Download it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file holds no weights, only a vocabulary. Choose the model's own file.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file is cut short: {missing_bytes} B of its weights are missing. Download it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file is damaged or cut short: the {count} {what} it claims are not in it. Download it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file is damaged: tensor {name} {detail}. Download it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file is damaged: {detail}. Download it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file is empty. Download it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file is for big-endian machines. Download the little-endian one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file is no longer there. Put it back or remove it from the list.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is a Git LFS pointer, not the model. Fetch it with git lfs pull.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is a folder or a device, not a file.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is a part of a split model and must be named like {example}. Rename it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is a web page saved under a model's name. Download the file itself again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is not a GGUF file: it starts with {start}. Choose a file in GGUF format.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp no longer reads GGUF version 1. Download a newer conversion.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n_missing} of {n_parts} parts are missing: {names}. Download them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} is not the part its name says. Download all parts again.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>GotDialog</name>
  <message>
   <source>Asked</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Asked and got</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Compute</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Device</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model: {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drafts by the model's built-in heads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Got</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>KV cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>KV cache {k} and {v}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Memory per device</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Output</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Setting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Total</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Weights</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Why</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>backend {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>context {n} tokens, {slot} for one slot</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>flash attention {state}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp {version}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>loaded in {time}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>on</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>predicted</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total} layers offloaded</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>GotView</name>
  <message>
   <source>Click for every setting as asked and as got</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Got what was asked</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Got what was asked and predicted</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not as asked: {titles}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not as predicted: {what}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>GotWords</name>
  <message>
   <source>The chat template cannot be used; a general one takes its place. The log says what is wrong with it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The context is longer than the model was trained for; replies may get worse beyond that.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file holds no chat template; a general one is used, which the model may not know.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>more than can be used here</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not possible with this model on this device</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>rounded by llama.cpp</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the system does not allow it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>there is no device to offload to</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>GuardWords</name>
  <message>
   <source>Change it, or reset it to its default.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close some of them first. Loaded as it is it may fail, or make the computer unresponsive.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It can be loaded only because its weights are read from the file whenever they are needed, which is very slow.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Little memory would be left</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No closing of other programs helps. Ask for less, choose a smaller quantisation, or do without drafting.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No closing of other programs helps. Ask for less, or choose a smaller quantisation.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Other programs hold the memory that this plan needs</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Other programs may become slow, or the load may fail.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>These settings cannot work</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This plan is larger than the memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp refuses a setting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} cannot fit</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>GuideIntro</name>
  <message>
   <source>A tiny demo that knows Loadout’s settings and little else.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A {size}-parameter demo that knows Loadout’s settings and little else.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ask the Guide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Get a real model here</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hide the Guide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It can be brought back in Preferences</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The Guide</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>GuideView</name>
  <message>
   <source>A reply is being written. Ask when it has ended, or stop it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ask the Guide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Eject and ask</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Eject and load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Eject {name} and load the Guide?</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only one model is loaded at a time. The settings of {name} are kept, and so are its conversations.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show the Guide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The Guide is back, in the list of models and in the help.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The Guide is hidden. “Show the Guide” in Preferences brings it back.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Header</name>
  <message>
   <source>Add file…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add folder…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add single GGUF files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Chat models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Check for updates</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Other files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Problems</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search a folder and everything below it, now and from now on</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Searched folders</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Which files are shown</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{size} in all</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{title}  {n}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>HelpText</name>
  <message>
   <source>Default: {value}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Range: {range}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>belongs to this computer: left out of exports</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>takes effect when the model is loaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>takes effect with the next reply</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Hub</name>
  <message>
   <source>Best match</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancelled.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Clear loss: mistakes become more frequent</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Gated: its owner decides who may download</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Gated: its owner wants terms to be accepted</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hardly any loss</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Heavy loss: only if nothing larger fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Little loss: the usual choice</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Most downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Most likes</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Newest</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No loss that anyone has measured in answers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not quantised: as exact as it was published, and the largest</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Picked by hand on {date}. {host} is asked only when you search or choose.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Recently updated</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Some loss: answers are a little worse</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The format that some models are trained in: for those no loss</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The name does not tell how it is quantised</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The owner of {name} wants terms to be accepted first. Accept them on its page on {host}, then set an access token of that account.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The process that was downloading ended ({detail}). What has arrived is kept: trying again goes on from there.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The proxy cannot be used ({detail}). Check the system's proxy settings.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>To begin with</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{folder} cannot be written: {detail}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{folder} has {free} free, and {needed} more are needed. Free some space, then try again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} answered something that is not the Hub's language ({detail}). Check the endpoint, and whether the network wants you to sign in first.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} asks for a pause after too many requests. Try again in {seconds} seconds.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} broke off in the middle. Try again: a download goes on from where it was.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} cannot be reached ({detail}). Check the connection.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} did not answer within {timeout_s} seconds. Try again later.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} does not accept the access token. Make a new one and set it in Preferences.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} does not prove who it is ({detail}). Check the address and this computer's clock and certificates.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} has a fault of its own (HTTP {status}). Try again later.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} has no {name}, or shows it only to some. Check the name, or set an access token that may see it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} has no {name}. It may have been renamed or taken away.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} sends every request on to another address without end. Check the endpoint.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} sends the request on to an address that is not safe to follow.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} arrived damaged twice: its checksum is not the one that {host} names. It was set aside as {kept}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} is being downloaded by another program. Wait until it is done, then try again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} is no longer there. Open the model's page again to see its files.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} is no name that a file may have here. Nothing was written.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} is {got} bytes long and should be {wanted}. Try again later.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} was replaced on {host} in the meantime. Open the model's page again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{text} is no address of a model. Paste one such as https://huggingface.co/owner/name, or just owner/name.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>HubFit</name>
  <message>
   <source>1 file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Checking how it fits…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Does not fit</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model: makes a model above faster</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fits if programs are closed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fits in memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fits on the GPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fits on the GPU entirely; larger files do not, and would be much slower.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Good quality for its size; only part of it fits on the GPU.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Image projector: goes with a model above</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In main memory only</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It could only run from the disk, read again and again: very slowly.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Larger files fit on the GPU too, but are hardly better.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Less would stay free than the guard in Preferences wants.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>LoRA adapter: goes on top of a model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No model of its own</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not known</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The best balance: in main memory, larger files answer more slowly.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The best quality that fits on the GPU entirely and leaves enough of it free.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The best quality that fits on the GPU entirely.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The best quality that fits.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The only one that fits.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>its header cannot be read</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp cannot plan it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>needs access to the file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>takes {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>tight: {needs}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{gpu} there, {memory} in memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{needs} at {n} tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {all} layers on the GPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{size} too much</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Legend</name>
  <message>
   <source>loaded now</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Library</name>
  <message>
   <source>1 model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A newer version is there: {size} (asked {when}).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>An older version. The newer one is listed, too.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Chat model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Control vector</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Embedding model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Image or sound projector</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It has changed on the Hub since (asked {when}).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>LoRA adapter</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No permission to read the folder.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Other</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The Hub no longer has this file (asked {when}).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The folder cannot be read.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The folder is not there. Connect its drive or remove it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is not a folder.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>at least {models}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>keeps its models where only another user may read them</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{models} ({size})</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name}, {n} experts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} models</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>LibraryTable</name>
  <message>
   <source>Architecture</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Context</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>From {origin}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Kind</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Modified</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Name</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No chat template in the file: chats use a general one, or complete plain text.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Parameters</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Quantisation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Size</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Template</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file carries a chat template.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Why it cannot be used</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>no</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>yes</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>LibraryView</name>
  <message>
   <source>Model files</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>LoadFooter</name>
  <message>
   <source>1 error</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>1 warning</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cannot be loaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Check that no speed-up changes a reply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model first</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find settings with which this model fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find what fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fit…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Go to the setting that this is about</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loaded as shown</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loading…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ready to load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reload</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reload for the changes to take effect</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} errors</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} warnings</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>LoadPanel</name>
  <message>
   <source>CPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU: no NVIDIA driver</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU: nvidia-ml-py is missing</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU: only NVIDIA tells its load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU: the driver finds none</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU: {reason}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>at its power limit</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>power</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>slowed by heat</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>slowed by the power supply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{power} of {limit} W</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>LoadView</name>
  <message>
   <source>1 setting differs from what was asked</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Applying adapters</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ejecting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find what fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It is no model that one can chat with.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load a smaller plan</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load anyway</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load as it last worked</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load without it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load without them</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Looking at the memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No model is loaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not loaded yet</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open the log</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Preparing drafting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reading the weights</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Setting up the context</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Settings with which the model fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Starting the worker</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The defaults</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker ended while loading {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The worker of {name} ended</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Warming up</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What it had written is kept, and marked as interrupted.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>another is chosen</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>comes with Loadout</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>got what was asked</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>loaded in {time}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not run yet</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>on the CPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} cannot be used</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} is chosen</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} devices</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} not as asked</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} settings differ from what was asked</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n}/{total} layers on {where}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{time} left</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>LoadoutBar</name>
  <message>
   <source>Command copied</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy as llama-server command</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Defaults</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No model chosen</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not saved as a loadout</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Note on {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Note…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What this loadout is good for</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not run yet</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>LogsPage</name>
  <message>
   <source>All</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>App</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copies what is shown</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Crash</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Errors</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Filter</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Log</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Log file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Logs</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Look for new files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open folder</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There are no logs yet.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This file cannot be read: {reason}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Warnings</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Worker {name}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>LongTextEditor</name>
  <message>
   <source>1 line</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>empty</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} lines</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{what} …</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MarkWords</name>
  <message>
   <source>Loaded {model}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Model ejected</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Settings changed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model’s process ended unexpectedly</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>and {n} more</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>default</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>on</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{setting}: {before} → {after}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MemoryChips</name>
  <message>
   <source>Takes as much memory as the default, {value}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Takes that much less memory than the default, {value}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Takes that much more memory than the default, {value}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MemoryDialog</name>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy as text</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Device</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Device of each layer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Memory of the plan</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Memory per part and device</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Number</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tab-separated, sizes in bytes (Ctrl+C: what is selected)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>context {n} tokens, {slot} for one slot</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>flash attention {state}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>measured in {time}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>on</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>output layer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total} built-in heads offloaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total} layers of the draft model offloaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total} layers offloaded</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MemoryGrid</name>
  <message>
   <source>All devices together</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Capacity</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Kept free by the guard</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Left free</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not needed after loading</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Sum</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Total</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Verdict</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Weights mapped from the file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{device}, loaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} bytes</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MemoryPanel</name>
  <message>
   <source>Choose the device whose memory is plotted</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Device whose memory is plotted</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Memory of {device}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RAM</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>others</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>window</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>worker</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MemoryView</name>
  <message>
   <source>Cannot be measured as it stands</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy as text</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Measure again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Measuring the memory…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Memory of the plan</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show as a table</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>as last measured</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>measuring…</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MemoryWords</name>
  <message>
   <source>Ask for less: a shorter context or a quantised KV cache.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cannot be measured while the loaded model uses the same remote device, which answers only one. Eject the model to measure this plan, or load it as it is.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cannot be measured.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cannot be measured: {why}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Change the setting {setting}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Change the settings, or reset them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Check the file, or download it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Does not fit: {missing} too much {where}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drafting takes {size} there.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fits with other programs closed: needs {missing} of the {held} they hold {where}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fits, as far as the devices tell</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fits, {size} to spare {where}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>KV</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>KV cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Main memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only the measuring ended, nothing else; it starts anew at the next change. Loading may fail too.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RAM</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Start the remote worker again, or take it out of the plan.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The Logs page has llama.cpp's own words.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is a defect of Loadout; the Logs page says where.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tight: leaves {left} of the {reserve} you keep free {where}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>and 1 more device</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>and {n} more devices</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>capacity: {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>compute</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>compute buffers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>does not fit</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>draft</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>drafting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>fits</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>fits with other programs closed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>in main memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>kept free by the guard: {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>layers: {n}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>left free: {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>loaded now: {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>of the weights mapped from the file: {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>of these not needed after loading, and not counted: {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>on {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>other programs</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>others</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>output</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>output buffer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>projector</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>this plan: {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>tight</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>too much: {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>weights</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{device} has {capacity}; this plan needs {needed} of it, not counting {mapped} of weights that can stay in the file.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{device} has {capacity}; this plan needs {needed} of it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{part} on {device}: {predicted} predicted, {got} got</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{used} of {total}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{verdict}; loads, but reads weights from the disk all the time</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MessageEditor</name>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Message text</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save &amp;&amp; send</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MessageText</name>
  <message>
   <source>Copied</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy code</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MessageView</name>
  <message>
   <source>Copy as Markdown</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Edit</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Regenerate</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>MetadataDialog</name>
  <message>
   <source>1 tensor</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copies the selected rows, or all rows shown</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Key</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Metadata</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Metadata of {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reading…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search keys, values and tensors</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Select a key to read its whole value here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Shape</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Size</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tensor</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tensors</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Type</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Value</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Value of the selected key</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} entries</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} tensors</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{shown} of {all}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelBar</name>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Details</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Eject</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loading progress</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show or hide the plots</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show or hide the settings</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelFailed</name>
  <message>
   <source>Access token…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No connection</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No such model, or none that you may see</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not open to everyone</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open on {host}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The access token is not accepted</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This model cannot be shown</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try again</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelFiles</name>
  <message>
   <source>Copy the file's address</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show in the file manager</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelFooter</name>
  <message>
   <source>Choose a file above</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Download</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Download the newer one</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Download {size}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It can be downloaded once you have access to it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load this model and chat with it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>On this computer is an older version of this file.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>On this computer: {path}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only {free} are free in {folder}: {missing} too little.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only {n} of {all} parts are on the Hub: it cannot be loaded.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stopped after {share}: it goes on from there.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>with the draft ({size})</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>with the projector ({size})</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{free} free on the disk</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{misfit} on this computer: {detail}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{share} have arrived</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelHeader</name>
  <message>
   <source>1 download</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>1 like</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Architecture</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy the name</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Licence</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only its owner and those it was shared with see it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open its page on {host}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Trained context, in tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>gated</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>made from {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>private</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>updated {when}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} context</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} likes</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} parameters</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelMenu</name>
  <message>
   <source>Add a model file…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>All models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ctrl+Return loads at once</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hide the Guide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Models and loadouts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No models yet. Add a file, or a folder of models.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing found.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search models and loadouts</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelPill</name>
  <message>
   <source>Choose a model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>ejecting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>loaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>loading</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not loaded</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelView</name>
  <message>
   <source>Asking for the model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Files  {n}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fit at</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Its files are listed here, and how each of them fits this computer.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loadout runs GGUF files. Others have often made some from this model.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No GGUF files here</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Offline: this page is from {when}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>README</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reading the README…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search for them</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The README cannot be had. {why}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This model has no README.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This repository has no files.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try now</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Trying again in {n} s.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What is shown of the model</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ModelsPage</name>
  <message>
   <source>Add a folder of models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add model files</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>All files (*)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GGUF models (*.gguf *.GGUF)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The list of models cannot be saved to {path}: {words}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The system has no file manager to show it with.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} is off the list. Its file stays where it is.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>NameDialog</name>
  <message>
   <source>Name</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>NoteDialog</name>
  <message>
   <source>Save</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Notices</name>
  <message>
   <source>Conversations cannot be saved ({why}). They last until the window is closed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Conversations were saved until then. The file below says where it happened.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loadout crashed last time</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loadout did not end properly last time. Everything was kept.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open the file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Some files needed attention</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Something went wrong: {error}</source>
   <translation type="unfinished"></translation>
  </message>
  <message numerus="yes">
   <source>The conversations could not be used ({why}). The file was kept as {path}; %n message(s) could be read out of it.</source>
   <translation type="unfinished">
    <numerusform></numerusform>
   </translation>
  </message>
  <message>
   <source>The list of models was damaged. It was kept as {path}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>a newer version wrote the file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>another program holds the file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the disk is full</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the disk refused</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the file cannot be opened</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the file is another program's</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the file is damaged</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the file may not be written</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the reason is not known</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>OfferCard</name>
  <message>
   <source>Add all</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add the models of all these apps</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Models of other apps on this computer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>They are used where they are; nothing is copied or moved.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>OfferStrip</name>
  <message>
   <source>Add</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add the models of {program}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Do not offer this folder again; the menu of searched folders still does</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No, thanks</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{program} has {figures} on this computer, which can be used where they are.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{program} has {figures} on this computer. More apps have some, too.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>OrderEditor</name>
  <message>
   <source>Move down (Alt+Down)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Move up (Alt+Up)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Space switches a step on or off, Alt with Up or Down moves it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>default order</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} (not found)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total} steps</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Pages</name>
  <message>
   <source>Caches, which may be deleted at any time</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Chat</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Conversations</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Devices</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Discover</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Logs</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Preferences</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Settings, loadouts and presets</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Panel</name>
  <message>
   <source>Remove</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>all</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>bias</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>name or pattern</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>none</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>on</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>scale</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>text; \n is a line break</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>token id or text</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>value</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{high} or less</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{low} or more</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{low} to {high}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{title}: {value}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ParityDialog</name>
  <message>
   <source>Back to the prompts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancel the check</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Check</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copied</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy as JSON</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy as text</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ending the worker…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open the log</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Parity check</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Progress of the check</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The check could not be made</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Where the chosen way differs first</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ParitySetup</name>
  <message>
   <source>1 prompt.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>All files (*)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Eject it first</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Measuring what it takes…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Most tokens of each reply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>One a line, blocks with blank lines between them, or a JSON list.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open a file…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Produces the same replies in every way there is: with reused prompts and without, with guesses ahead and without, in one slot and in several, with flash attention on and off. The first token that differs is named. Floating-point sums depend on their order, so some models choose another token here and there; whether that is rounding or a defect is measured.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Texts (*.txt *.json *.md)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This begins like a JSON list and is no list of texts.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What it takes could not be measured; each load takes about what the plan takes.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Write a prompt, or open a file of them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} cannot be used: it must be UTF-8 text of at most 1 MB.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} prompts.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ParityTable</name>
  <message>
   <source>Logits differ by</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Notes</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Same replies</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Verdict</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Way</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ways of producing the replies</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ParityWords</name>
  <message>
   <source>A defect: something else than rounding changes replies.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A logit may differ by {tolerance}, {share} of the largest ({largest}): what rounding was measured to move one by with this model ({noise}) is less.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A logit may differ by {tolerance}: {factor} times what rounding was measured to move one by with this model ({noise}). Logits reach {largest}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A quantised V cache needs flash attention</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Adds up in another order: measures what rounding does to this model.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>All at once, as in everyday use.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>All prompts in one batch, as with several chats.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>As in the next turn of a chat.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>As when a reply is regenerated: must be the same to the last bit.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>As with a chat that had to make way for others.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>As with a chat that is opened again after a new start.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Eject what is loaded, or choose a smaller context.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Flash attention the other way</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Guesses by lookup</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Guesses by the draft model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Guesses by the model's own heads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Guesses, reuse and slots together</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Half the prompt from the cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It failed: {message}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mend the plan first.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Moved to main memory and back</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No defect found, but not every way could be run.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No defect; ways compared: {n}. Every reply has the same tokens.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No defect; ways compared: {n}. Rounding turned some tokens.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No draft model is set</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No state came back: there was no room, or this model's cannot be cut back</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Off where it was on: another way to compute the same attention.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>One load at a time, of up to {size}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>One slot, nothing reused or guessed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompt {prompt}, token {token}: {text} in both, but a logit differs by {difference}; rounding may move it by {tolerance}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompt {prompt}, token {token}: {text} in the base, ahead by {gap}; {other} here, ahead by {other_gap}. The two moved by {swing}; rounding may move them by {tolerance}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompt {prompt}: one reply ends after token {n}, the other goes on, for no visible reason.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompts in small batches</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RoPE moved by 1/100000</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Saved to disk and reopened</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Several slots at once</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Shorten it, or raise the context length in the panel.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Starting the worker</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The log says more.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model names no RoPE frequency</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The same again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The same prompt from the cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>These prompts gave no occasion to guess</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This computer does not compute the same twice.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This model's state cannot be taken back</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Turns last bits and nothing else: measures what rounding does to this model.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What every other way is held against.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Whether this computer computes the same twice: to the last bit.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>With as many guesses as the settings allow, whether they pay or not.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>With guesses wherever two tokens occurred before.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>With the heads that the model has for guessing its next tokens.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>at least {n}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>base</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>defect</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>equal</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp kept flash attention as it was</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not tested</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>nothing</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>rounding</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} stays loaded.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {total}: {way}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} prompts, greedy replies of up to {tokens} tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n}/{total} guesses right</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n}/{total} tokens reused</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{where}, loading</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{where}, reply {n} of {total}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>PathEditor</name>
  <message>
   <source>Choose a file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a folder</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>PlotStrip</name>
  <message>
   <source>now</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>−{n} min</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>−{n} s</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>PreferenceRow</name>
  <message>
   <source>Back to the default</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Takes effect at the next start.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>PreferencesPage</name>
  <message>
   <source>Access token</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Delete</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Delete what models have read of conversations</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Kept on disk now</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing. Conversations are saved a few seconds after a reply.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only gated and private models need one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open folder</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open the folder: {what}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Preferences</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Set the access token</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Set…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Where things lie</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{size}. Without it, long conversations are read again when they go on; no text is lost.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>PresetBar</name>
  <message>
   <source>Defaults</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Every sampler is off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Neutralise samplers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not saved as a preset</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Purpose of {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Purpose…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What this preset is for</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Rail</name>
  <message>
   <source>Help</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ReadmeView</name>
  <message>
   <source>Pictures are not fetched: their addresses open in the browser.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>README</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This README is very long; its end is shown only on its page.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This model has no README.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>picture</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ReloadMark</name>
  <message>
   <source>reload</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Remote</name>
  <message>
   <source>Its owner wants terms to be accepted first. Accept them on the model's page on {host}, then set an access token of that account.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reading the header was cancelled.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The access token holds characters that no token has. Copy it again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The address leads to a web page, not to a file. Use the address that the page's download button has.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The cache folder's file system has no sparse files, which this needs. Move the cache to another disk, or download the file.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file on {host} was replaced while its header was read. Try again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The header is larger than that of any known model. Choose another file.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The system's proxy cannot be used ({detail}). Check the proxy settings.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is not the address of a file: it must begin with https:// or http:// and name one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What was read cannot be stored: {detail}. Free some space or check the cache folder.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{detail}. Choose a file in GGUF format.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{detail}. Choose another file.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} asks for a pause after too many requests. Try again in a few minutes.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} broke off in the middle. Try again.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} cannot be reached ({detail}). Check the connection and the address.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} did not answer within {timeout_s} seconds. Try again later.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} does not give this file to everyone, or has none of this name. Check the address, or set an access token that may read it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} does not prove who it is ({detail}). Check the address and this computer's clock and certificates.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} has a fault of its own (HTTP {status}). Try again later.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} has no such file. Check the address.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} lacks {name}, a part of this model. Choose another file.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} sends every request on to another address without end. Check the address.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} sends only whole files, so the header cannot be read alone. Download the file to see what it takes.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} sends the request on to an address that is not safe to follow. Check the address.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{host} sent something else than the part of the file that was asked for. Download the file to see what it takes.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>RemoteLine</name>
  <message>
   <source>Connects, and lists its devices with their memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Device {n}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Take {endpoint} off the list</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Test</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Test {endpoint}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Use for this plan</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Use {endpoint} for this plan</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>RemoteWords</name>
  <message>
   <source>Give a host, such as 192.168.1.20 or gpu-box:50052.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It accepts the connection and says nothing. A worker serves one client at a time, and this one has another.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It speaks version {theirs} of the RPC protocol, and llama.cpp here speaks {ours}. Bring both to the same version.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No IPv4 address is known for this name. Check its spelling, or give the address.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The machine is off, in another network, or behind a firewall.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The machine is there, but nothing listens on this port. Start the worker with the command below.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The port must be a number from 1 to 65535.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is no host name and no IPv4 address.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What listens there is no remote worker, or one of a very different llama.cpp.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>another version</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>asking…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>busy</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>in use by the loaded model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp's RPC has no IPv6. Give an IPv4 address, or a name that has one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not a remote worker</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not asked yet</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not reachable</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>not running</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>ready</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>ready, answers in {time}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>ready, answers within 1 ms</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>unknown host</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ReplyView</name>
  <message>
   <source>Assistant</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Continue</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Continue this reply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tint in all replies</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tint what was guessed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What guessing did</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ResultList</name>
  <message>
   <source>Models found</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ResultPane</name>
  <message>
   <source>1 model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Asking for more…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Clear filters</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No connection</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing found</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Nothing found for “{text}”</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Offline: results from {when}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Perhaps a filter is too narrow.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Searching</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The search failed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try fewer words, or paste the address of a model's page.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try now</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Trying again in {n} s.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} models so far</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ResultRows</name>
  <message>
   <source>on this computer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>updated {n}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} context</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} likes</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>RowGroup</name>
  <message>
   <source>, {n} changed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Advanced ({n})</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not yet available ({n})</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>RowList</name>
  <message>
   <source>Every setting is at its default.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No changed setting matches. Switch off “changed only” to search all of them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No setting matches. The search looks into titles, descriptions, keys and llama-server flags.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Settings</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>RowMenu</name>
  <message>
   <source>Get the newer version</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hide the Guide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Its page on the Hub</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Metadata…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Remove from the list</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show in the file manager</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stop searching this folder</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ScanBar</name>
  <message>
   <source>1 file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Searching for models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Searching…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stops searching; what was found stays</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{found} · searching {folder}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} files</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>SettingRow</name>
  <message>
   <source> or </source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Has an effect only with {title}: {values}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loaded with {value}; the change takes effect at the next load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not yet available</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reset to {value}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{summary}
Click, or press F1, for more.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Settings</name>
  <message>
   <source>A JSON schema, such as {"type": "object"} for any object; it is turned into a grammar. The form is guaranteed, the contents are not: ask for the same structure in the prompt too. A reply that hits a length limit is cut off in the middle. Not together with a grammar.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A Jinja template that turns the conversation into the text the model sees, in place of the file's own.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A coarser format saves memory and can only cost accepted guesses, never the quality of the reply.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A control vector is a tiny GGUF file extracted from pairs of prompts, for traits such as honesty or mood. Scale 1 is its full strength, negative ones turn the trait round, large ones make the text fall apart. Several add up. Costs next to nothing in speed and memory. Applied to all layers that the file covers.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A draft model must be fast, so all of it belongs on the GPU; it is small. Lower this only when the large model needs the room more.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A fixed number is crude: too many where one token is right, too few where many are. It also makes the steps after it cheaper, since they sort K candidates instead of the whole vocabulary. 0 switches it off, 1 is greedy. 20 to 100 is usual.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A grammar and a JSON schema cannot be used together.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A ground of the draft's colour lies under every accepted guess. Any single reply can be tinted, or not, from its own menu. Where it cannot be told for sure which part of the formatted text a guess became, the reply is shown as the model wrote it. Replies made without drafting look as ever.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A long conversation that takes half a minute to read again is back in a fraction of a second, also after the model was ejected or the app closed. What is saved holds the conversation's text in another form; it lies in the app's cache folder, serves only the same model with the same cache settings, and goes when the conversation is deleted. Takes effect when a model is loaded.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A position in the list of devices in use, counting from 0. A position that does not exist makes loading fail. Only read with the split mode 'One device'.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A quantised V cache needs flash attention, which is switched off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A small GGUF model that guesses for the large one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>A very small model can be faster with fewer threads than the large one, since handing out work costs time too.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>About 1 / (1 - value) tokens: 0.9 looks back over ten, 0.99 over a hundred. Lower reacts at once, higher is steadier. Only matters while a target is set.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Above 1 the temperature stays low until the model is very unsure, below 1 it rises early; 1 is a straight line. Only matters while the range above is not 0.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Adapters applied on top of the model, each with a strength.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Adaptive-P memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Adaptive-P target</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Adapts to how sure the model is: few candidates when it is, many when it is not. Lower is more careful. 1 switches it off. Changing this or Min-P is enough; both at once are hard to reason about.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Adds a fixed amount to the score of chosen tokens.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>After loading it is measured what checking 2, 4, 8... tokens at once takes here, and while replies are written how often guesses are right; guesses are made where that wins time, and now and then to find out whether they pay by now. Off, every draft is as long as the limits allow, whatever it costs: for comparing.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>All slots share one cache, so that a single conversation may use the whole context.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>An adapter is a small GGUF file trained for exactly this model. Scale 1 is its full effect, 0 none, and negative values push the other way. Each one takes its own memory and makes every token a little slower; the model's weights stay as they are. An adapter made for another model is refused.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>An empty stop string would end every reply at once.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Any numbers will do, only their proportions count: 3, 1 puts three quarters on the first device. Left empty, the shares follow each device's free memory at loading. Set it when one device also drives the screen or holds other programs, or to balance a fast device against a slow one. A share of 0 leaves a device without layers.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Appearance</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Around 0 to 0.3 suits facts, code and extraction, 0.6 to 0.9 conversation, 1 and more brainstorming; far above 1 text falls apart unless Min-P or Top-nσ cuts off the tail. At 0 the reply is greedy: the seed and the other random choices below no longer matter. Follow the model's card where it names a value.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>As for the keys; a quantised type needs flash attention.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>As numactl says</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>As the system</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>As the system follows the desktop's setting, and changes along with it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>At 0.05 a token stays only if it is at least a twentieth as likely as the best. Cuts off the nonsense tail even at high temperatures, where 0.1 is a good start. 0 switches it off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>At least two tokens must reach it for XTC to act, so above 0.5 it never does. Lower removes more. Only matters while the XTC probability is not 0.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>At temperature 0 the most likely token is always taken, so it has no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Auto</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>BF16</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Balanced</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Batch size</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Beta slow must be below beta fast.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Built-in heads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>By layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>By layers, each device holds whole layers with their KV cache and they work one after another: little traffic, works everywhere. By rows, each large weight is cut across devices that compute together: only some backends support it, others refuse to load, and it needs a fast link. By tensors, weights and KV cache are both divided and computed in parallel: experimental, needs flash attention, and only for some architectures. One device uses the main GPU alone. Has no effect with a single device.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>By rows</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>By tensors (experimental)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>CPU threads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>CPU threads for prompts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Chat</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Chat template</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Check tensor data</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Checking a very short draft can cost more than it saves. 0 uses every draft. More than the most drafted tokens would leave none.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a draft model, or set drafting to another source.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Code</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Compared are what the plan takes of each device, as llama.cpp itself counts it, and what is free there. Relaxed asks only when it takes more than is free; Balanced wants a twentieth of each device's memory left free besides, Strict a seventh, Custom the reserve set below: the hatched end of the memory bar. You can always load anyway, unless a device is too small whatever else is closed. Off never asks, and a load that is too large can make the computer unresponsive.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Compute</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Computes attention in one fused step, without writing out its largest intermediate result.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Context</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Context for the fit</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Context length</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Control vectors</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copying a state back takes a moment too: some tens of milliseconds for a small one from disk. A fast GPU reads a few hundred tokens in that time, a processor some ten. Takes effect when a model is loaded.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Count in the browser, the desktop and whatever else shall keep running; a GPU that also drives the screen needs some of its memory for that.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Creative</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Custom</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cut-offs</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cut-offs before the temperature judge the model's own probabilities, after it the flattened ones, so moving the temperature to the front makes Top-P and Min-P looser at high temperatures. Penalties belong before the cut-offs. Top-K early makes all later steps faster.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>DRY</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>DRY allowed length</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>DRY growth</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>DRY sequence breakers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>DRY strength</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>DRY window</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Dark</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Dark or light colours.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Devices in use</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Dimensions that turn less often than this over the original context are stretched in full.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Dimensions that turn more often than this over the original context are not stretched at all.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Direct I/O</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Direct I/O reads the file itself: memory mapping and keeping in memory have no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Disk space for it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Divided among {n_slots} slots, each conversation gets only {n_tokens} tokens; a unified KV cache would share them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Divides their positive scores and multiplies their negative ones by this number. 1.05 to 1.15 stops loops of small models; more harms grammar, code and names, which must repeat. Below 1 encourages repetition. 1 is off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Downloads at the same time</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model's CPU threads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model's GPU layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model's K cache type</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model's V cache type</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft model's devices</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Draft only what pays</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drafting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drafting confidence</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drafts that turn out shorter than this are not used.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drops tokens less likely than this fraction of the most likely one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Dynamic temperature exponent</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Dynamic temperature range</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Each line is a key and a typed value, for example tokenizer.ggml.add_bos_token=bool:false. The file itself is not changed. Meant for repairing converted models whose metadata is wrong; an entry of the wrong type is ignored (the worker's log says so), and overriding what describes the tensors makes the file unreadable.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Each line is a token, by its number or its text, and an amount: -100 practically forbids it, 100 forces it, a few points make it a little more or less likely. A text of several tokens gets the amount on each of them, as with llama-server.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Each line pairs a regular expression with a buffer type, for example blk\.(2[0-9])\.ffn_.*=CPU. The first pattern found in a tensor's name decides, before the number of GPU layers does and before the MoE setting. For fitting a model to the last megabyte; an unknown buffer type makes loading fail. Placing parts by hand switches off pipelining between several GPUs.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Each slot holds one conversation's tokens, so switching between that many conversations costs no new prompt processing. Replies generated together share each pass through the weights: the sum of their speeds rises, each one's falls. With a unified cache slots cost almost nothing (with sliding-window and recurrent models each takes a window or a state of its own); without it the context is divided among them. 4 slots with a unified cache is what llama-server chooses by itself. Set 1 if only one conversation at a time is ever used.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Each time it strikes, all tokens above the threshold except the least likely of them are removed. Breaks clichés in fiction; harms code, facts and anything with one right answer. 0 switches it off, 0.5 is usual.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Each token of context takes room in the KV cache, reserved in full when the model loads, so memory grows in step with this number; a long filled context also makes every further token slower. llama.cpp rounds it up to a multiple of 256. 0 takes the length the model was trained with, which for recent models can be far more than fits. Raise it when conversations are cut short or documents do not fit; lower it to make room for more layers on the GPU. Beyond the trained length quality collapses unless RoPE scaling is set as well, so for a model that was trained with less than 4096 tokens the default is the trained length.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Endpoint</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>English</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Every slot needs room for a token, so it is raised to {n_slots}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Every slot needs room for a whole draft, so it is raised to {n_batch}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Everyday conversation: natural variety without losing the thread. llama.cpp's own defaults.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Everything is laid out again at once. Very large text needs a wide window.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Exact</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Experts are most of a mixture-of-experts model's size, but only a few of them work on any one token: keeping them in main memory while attention and the KV cache stay on the GPU lets models run that are far larger than GPU memory, and usually faster than leaving whole layers behind. Start with all layers and lower the number while the rest still fits. Has no effect on models without experts.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Experts used</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>F16</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>F16 and BF16 take 16 bits a value, Q8_0 8.5, Q5_1 6, Q5_0 5.5, Q4_1 5, Q4_0 and IQ4_NL 4.5, F32 32. Q8_0 nearly halves this half of the KV cache with hardly any loss; keys suffer more than values from 4 bits, most visibly in long contexts. Unless flash attention is off, a quantised type needs a head size divisible by 32. Choose Q8_0 to fit a longer context, F16 otherwise.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>F32</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Falls back to English where there is no translation. It has nothing to do with the language that models answer in.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Favours tokens whose probability is near this value, averaged over the reply.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fewer is faster and worse, more is slower and seldom better: the model was trained with its own number. Cannot exceed the number of experts that the model has. Has no effect on models without experts.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fewest drafted tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Fewest tokens worth keeping</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Finds files damaged by a broken download or disk, and makes loading slower, since every byte is read and tested. Switch it on once when a model talks nonsense; leave it off otherwise.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Flash attention</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Folder for downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Folders that are searched for GGUF files, with everything below them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>For a mirror or a Hub of your own, such as https://hub.example.com. Left empty, the environment variable HF_ENDPOINT is followed where it is set, else huggingface.co is asked. A proxy is taken from HTTPS_PROXY. An access token that you set is kept for the address that it was set for and sent to no other.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>For measuring speed over a fixed number of tokens. A reply that cannot end soon turns to nonsense: set a limit as well.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>For raw prompts and for models that run on into the next turn. Matched across token borders and case-sensitive.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Forbids the model's end-of-text tokens, so that it goes on until another limit ends it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Forbids the system to swap out or drop the weights that are in main memory.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Frequency penalty</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Full-size sliding-window cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GPU offload</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>General chat</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>GiB</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Grammar</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Guard against unwise loads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Has no effect at a scale of 1: set the RoPE frequency scale to the trained context divided by the wanted one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Has no effect while {other} is {value}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Helps when the model is nearly as large as main memory, or is read from a fast drive only once: the cache is not filled with pages that are never wanted again. The next load is then as slow as the first. Replaces memory mapping and locking. Linux only, and only on file systems that allow it; elsewhere the file is read the ordinary way.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Higher makes drafts shorter but more often right. At 0 only the recent acceptance and the cost decide how long drafts are; around 0.75 is usual when many guesses are rejected.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hits the most used words hardest, which over long windows includes commas and articles, so keep it small: 0.1 to 0.5. Negative values reward repetition.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How freely the next token is chosen: 0 always takes the most likely one, higher lets unlikely ones through.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How likely a token must be for XTC to count it among the obvious choices.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How long past choices count when Adaptive-P balances the next one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many CPU threads the draft model uses.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many CPU threads work on each generated token.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many CPU threads work while a prompt is processed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many downloads run at once; the others wait for their turn.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many experts of a mixture-of-experts model work on each token.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many of the draft model's layers are on the GPU.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many of the latest tokens are searched for repeated sequences.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many of the latest tokens must have occurred before for their old continuation to be guessed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many of the latest tokens the repeat, presence and frequency penalties look at.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many of the model's layers are stored and computed on the GPU.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many prompt tokens are computed at once.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many replies can be generated at the same time, and how many conversations stay cached.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many times a second new text of a reply is shown.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How many tokens the model can see at once: the system prompt, the conversation and its reply together.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How much is guessed follows from measured costs and recent acceptance.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How much main memory may hold conversations that had to leave the KV cache.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How much memory a model must leave free on each device before loading it needs a second confirmation.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How much the fast-turning dimensions are left unstretched: 0 stretches all alike, 1 is full YaRN.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How often a run of tokens must have been seen before its continuation is guessed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How often the most likely choices are taken away, so that a less obvious one must be found.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How quickly Mirostat corrects itself after a token that was too surprising or too dull (eta).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How the model is spread when there are several devices.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How threads are placed on machines whose processors each have memory of their own.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hugging Face</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hugging Face's own cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>IQ4_NL</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ignore end of text</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In this many layers, counted from the first, the experts' weights stay in main memory while the rest goes to the GPU.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It begins texts with another token than the model does, so it was made for another vocabulary.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It does not know {n_tokens} of the model's tokens, such as those that mark turns of a chat ({n_special} of them); it guesses worse after them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It does not know {n_tokens} of the model's tokens; it guesses worse where they occur.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It ends texts with another token than the model does, so it was made for another vocabulary.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It has {n_draft} tokens, the model has {n_model}: more than {limit} apart, they do not share a vocabulary.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It keeps a state ({architecture}) that cannot be taken back when a guess is wrong. Choose a model with plain attention.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It measures the scores by their own spread, so its choice of candidates stays the same however high the temperature is. 1 is usual, smaller is stricter. 0 and below switch it off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It must share the large model's vocabulary, and be several times smaller to pay off: usually the smallest member of the same family. Up to 1B is advised for a model of 3 to 7B, up to 3B for one of 14B, up to 7B for one of 32B. Its weights and its own KV cache come on top of the large model's memory.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It takes the place of the whole chain: besides it only the temperature, logit bias and a grammar still act. Keeps long texts from turning dull or incoherent; slower than the usual chain, since it sorts the whole vocabulary for each token. Version 2.0 is the simpler one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Its tokenizer ({draft}) is another one than the model's ({model}): the two do not share their tokens.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>JSON and other fixed forms: nearly certain choices, held to any JSON object; replace the schema by yours.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>JSON schema</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>K cache type</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>KV cache on GPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keep in memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keep what models have read</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keeps each layer's KV cache, and the attention over it, on the device that holds the layer.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keeps every past token in the layers that only look at a sliding window.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keeps replies steady when other programs want memory, and takes that memory from them: a model that does not fit can make the whole computer crawl. On Linux the limit on locked memory (ulimit -l) must allow it; beyond the limit llama.cpp logs a warning and goes on without the lock. Locks nothing that is on a GPU.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keeps tokens whose raw score lies within n standard deviations of the best one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Language</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Larger is faster on prompts, up to what the hardware can use (often 512 to 2048 on a GPU), and the compute buffer on each device grows in step with it. Generation speed does not change. Lower it when the last bit of GPU memory is missing; raise it when long prompts start slowly and memory is left.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Larger reacts faster and swings more. 0.1 rarely needs changing; at 0 it never corrects itself.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Larger than the batch size, so it is lowered to {n_batch}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Layers move to the GPU from the last one backwards; the output layer counts as one, so a 32-layer model has 33. Each takes its share of the weights and of the KV cache out of GPU memory, and generation gets faster with each, most of all with the last few, when nothing is left to wait for. More than fits fails to load (or, with some Windows drivers, spills into slow shared memory). 'all' is right whenever the model fits; otherwise lower the number until it does. Has no effect without a GPU or another offload device.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Layers on another machine use its memory and its speed, and every token then crosses the network once per machine: good for a model that no single machine holds, slow over anything but a fast local network. The protocol has no password and no encryption: use it only on a network you trust. Needs a llama.cpp built with the RPC backend here and there, of the same version.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Leave out the middle</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Leave out the oldest turns</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Leaving out the oldest turns keeps the system prompt and the latest messages; leaving out the middle also keeps the first exchange, where the task is often set. Both begin before the context is quite full, so that a quarter of it is free for the reply, or as much as the longest reply may take. The text before the gap stays cached; what comes after it is processed again, or moved up where that happens in the middle of a reply and the model allows it. The conversation says what was left out. Nothing is deleted: only the model no longer sees it. Stop leaves nothing out: the reply ends where the context does, and a conversation that no longer fits gets no reply.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Length and end</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Lets the GPU do the big multiplications of prompts even for layers whose weights are in main memory.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Lets the temperature move by this much: down where the model is sure, up where it is not.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Light</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Line ends and marks such as a colon after a speaker's name must be free to recur. Add the names of characters in a role play. Breakers are cut to 40 bytes.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Linear</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Linear presses all positions together evenly and loses detail; YaRN treats near and far positions differently and keeps more of it. None also ignores the scale below. Models trained for long contexts name their own method in the file: leave it unset then. Set it together with the frequency scale when you raise the context length beyond what the model was trained with.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Lists the Guide, a tiny model that comes with Loadout and knows its settings, among the models.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>LoRA adapters</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Loading</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Logit bias</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Long context (RoPE)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Long drafts suit long literal repetitions; how much of one is really checked follows from recent acceptance and from what checking costs here. Each slot needs room for the results of so many tokens.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Longer drafts win more when most guesses are right and waste more when they are not. How long they really are follows from how many were right lately and from what checking costs here; this is the limit. Raise it for code and other predictable text. Each slot needs room for the results of so many tokens.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Longer notices repetitions that lie further apart, and punishes ordinary words more. 0 switches all three penalties off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Longer than the context of {n_tokens} tokens: such a reply ends earlier, or its beginning is forgotten.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Longest reply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Looks for impossible numbers in every weight while loading.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Lookup draft length</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Lookup hits needed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Lookup length</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Low values give focused, repetitive text, high ones varied and finally incoherent text. 3 to 6 is usual.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Main GPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Makes the final choice in place of the ordinary draw: after a run of very likely tokens it leans towards less likely ones, and the other way round. The lower, the rarer the words. Use it with Min-P as the only cut-off. Any negative value switches it off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Makes tokens that occurred recently less likely, however often they occurred.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mapped, loading is fast, loading again is nearly instant, and several programs share one copy; the system may drop pages when memory is short and read them again, which makes generation stutter. Not mapped, weights are read once into memory of the worker's own. Unset, the file is mapped unless one of the devices cannot use mapped memory. Weights that go to a GPU with memory of its own are copied there either way.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Matters only for models with sliding-window attention (Gemma 2 and 3, gpt-oss and others). Off, those layers keep little more than their window, which can make the cache several times smaller; but once older tokens have left the window, going back further, as editing an earlier message does, processes the whole prompt again. On, the cache is as large as for any other model and going back is cheap.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Memory kept free</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Memory-map the file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Metadata overrides</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>MiB</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Micro-batch size</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Min-P</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mirostat</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mirostat 2.0</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mirostat rate</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mirostat takes the place of {settings}, which have no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mirostat target</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>MoE expert layers on CPU</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Model folders</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Models stay where they are; nothing is copied or moved. Links are followed. Searching a very large folder or a network drive takes a while, in the background.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Models with compressed attention, as this one is, need the same type for K and V.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>More hits make guesses rarer and safer: worth trying when most guesses are thrown away.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>More than the {n_cores} logical cores makes threads wait for each other.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>More than the {n_cores} physical cores usually makes generation slower.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>More than the {n_max} tokens that are drafted at most, so that no draft is ever used.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Most drafted tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Multiplies the strength of attention to make up for the stretched positions.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>NUMA</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No GPU or other offload device was found, so it has no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>None</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not available yet: it is saved but has no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Off, the whole cache stays in main memory and attention is computed by the CPU: this frees the GPU memory of the cache, for more layers or a longer context, and costs much speed, the more the longer the conversation. Quantising the cache is usually the better way to save.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Offload large operations</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>On</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>On, the context is one pool: any conversation may grow to the full length, but together they cannot exceed it: when it is full, the conversation that was idle longest leaves it, for the prompt cache in main memory. Attention passes over the other slots' tokens as well, which costs some speed when several long conversations are cached. Off, every slot gets an equal, private part of the context (context length divided by slots): faster when many unrelated conversations generate at once, but none may be longer than its part. Has no effect with one slot.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>One connection seldom fills a fast line, two often do. More only share it. On a hard disk, one at a time writes fastest. A lower number takes effect as running downloads end.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>One device</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only for files whose template is missing or wrong. A model answers well only in the format it was trained on: with another one it repeats itself, never stops or speaks for you. The template runs in a sandbox and cannot reach files or the network.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only for servers and workstations with several processor sockets (or several NUMA nodes), on Linux. Spreading uses the memory bandwidth of all nodes; staying on one avoids traffic between them and suits models that fit there; the last follows the CPU map given by the numactl program. Pages that the system still holds from an earlier load stay where they were, so drop the page cache after changing this.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only read when the YaRN extrapolation mix is 0; otherwise it is computed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only the K most likely tokens may be chosen.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only the most likely tokens that together reach this probability may be chosen.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Order</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Other machines that run llama.cpp's rpc-server, each as host:port; their devices join the list of devices here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Parallel slots</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Penalties</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prefers tokens whose surprise is about what the model expects on average, up to this probability.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Presence penalty</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Programs and commands: careful choices, a little variety, no penalty on the repetition that code needs.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompt cache in main memory</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompt reuse</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompts are handed over one micro-batch at a time, so that a long one neither holds up other replies nor delays a stop. What this number does is to limit the micro-batch: raise it when you want a larger one. llama.cpp lowers it to the context length. Costs hardly any memory by itself.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompts are limited by arithmetic rather than by memory, so here more threads than physical cores can help a little: try the number of logical cores. Unset, as many as for generation.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Punishes continuing a sequence that already occurred word for word (Don't Repeat Yourself).</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Pushes towards new subjects. 0.1 to 1 is usual, some model cards ask for 1.5 against endless repetition; negative values favour what was already said.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Q4_0</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Q4_1</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Q5_0</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Q5_1</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Q8_0</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RPC servers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Raise it when set phrases, names or code must recur.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Raising it stretches the usable context without any scaling method (NTK-aware scaling), at some cost in quality at every length. A value much below the model's own breaks it. Older models use 10 000, newer ones 500 000 and more.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Random draws a new seed for every reply and notes it in the reply's record, so that a good one can be repeated. Repeating needs the same model, settings and text; results may still differ between devices, and when several replies are generated at once, because sums are rounded in another order.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Randomness</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Read only when the extrapolation mix is 0: at any other mix llama.cpp computes the factor from the frequency scale by itself and ignores this one. Leave it unset unless a model's card gives a value.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reads the file past the system's file cache.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Rearranges some weights at loading into the layout that this processor computes fastest.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Relaxed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Removes the too obvious as well as the too unlikely, for prose that is neither bland nor wild. 1 switches it off; 0.9 is a mild start. Do not use it where the obvious answer is the right one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Repack weights</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Repeat penalty</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Repeat window</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Repeated sequences up to this length go unpunished.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Repetition</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Replaces entries of the file's metadata for this load.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Right guesses are several tokens for the price of one, wrong ones are thrown away: the output stays what the model alone would give, only its speed changes. A small draft model guesses anything but takes memory; the text so far takes none and pays off when a reply repeats its input, as edited code or quotations do. Some models (GLM 4.5, Qwen 3.5...) have heads of their own that guess ahead (MTP) and take little memory. What a guess costs here is measured while replies are written, and where guessing does not pay it is left off. Models with a running state (Mamba, RWKV, most hybrids) cannot be guessed for; the hybrids that can keep a state for each guess.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RoPE frequency base</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RoPE frequency scale</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RoPE scaling</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Sampler order</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Saves a conversation's KV cache to disk, so that going on with it later needs no prompt processing.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Saves as much as the same type does for keys, and harms less. Any quantised type works only with flash attention: left on auto, llama.cpp switches it on; switched off, the model does not load. Some backends are slower when K and V types differ, and models with compressed attention (DeepSeek's MLA) require the same type for both.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Saves compute memory, the more the longer the context, and is faster on most devices. Auto uses it unless the device of some layer lacks it for this model. Needed for a quantised V cache and for the split mode 'By tensors'. Forced on where a device lacks it, that part runs on the CPU and is slow.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Seed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Sends tensors whose names match a pattern to a chosen buffer type.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Short finds more and is wrong more often; long finds only real repetitions.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Shorter conversations are processed again rather than kept, in main memory or on disk.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show the Guide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Shows in every reply which of its text a draft model, or the text so far, had guessed.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Speculative decoding</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Speeds up the CPU, prompts most of all, for quantisations that have such a layout. The rearranged weights are a copy, so they cannot be memory-mapped: loading takes longer and the memory is the worker's own. Switch it off for fast loading, or to share mapped weights with other programs.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Split mode</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Splitting by tensors needs at least one GPU or other offload device.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Splitting by tensors needs flash attention, which is switched off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Spread over all nodes</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stay on one node</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Steered surprise</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Steers the model by adding a fixed direction to what its layers compute, each with a strength.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Steers the text towards a constant degree of surprise instead of cutting off candidates.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stop</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stop strings</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stories and brainstorming: bold choices, the nonsense tail cut off, word-for-word repetition discouraged.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Strict</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Structured output</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Takes this much from a token's score for each time it occurs in the window.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Takes this much from the score of every token that occurs in the window, once.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Temperature</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tensor placement</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tensor split</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Text size</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Text so far</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Text updates</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Texts across which a repetition does not count as one sequence.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The GPUs and other devices that may hold layers; none chosen means all that are found.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The KV cache grows with the context, so that a file which fits at 8,192 tokens may not at 65,536. A model that was trained for less is counted with what it was trained for. It changes nothing but what the page says: a load has its own setting.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The address of the Hub that models are searched on and downloaded from; empty means huggingface.co.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The base of the rotation frequencies that encode positions.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The cache is shared with other programs that use it, so that nothing is downloaded twice; its files lie under names that people do not read. A folder of your own gets owner/model/file instead. Downloads that are in the queue already stay where they began, but for those that failed because there was no room.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The context length for which a model's page says whether its files fit this computer.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The context length that the model was trained with before any extension.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The curve by which the model's uncertainty becomes temperature.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The degree of surprise per token (tau, in bits) that Mirostat aims at.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The device that holds the whole model when it is not split.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The devices that may hold the draft model; none chosen means the same as for the large one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The draft model stops guessing when its best token is less likely than this.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The draft model was trained for {n_ctx_train} tokens; beyond that hardly any of its guesses are right.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The factor by which positions shrink: 0.5 doubles the reach, 0.25 makes it four times as long.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The factor by which the DRY penalty grows with each further repeated token.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file holds no chat template; a general one is used, which the model may not know.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file holds no vocabulary, so what it would guess cannot be compared.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The file {path} is no longer there. Choose another draft model.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The first token always comes at once, and no text is lost: tokens are only gathered in between. More looks smoother and takes a little more of the processor, which matters where the model runs on it too. Speeds are measured per token in any case.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The language of the window.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The lower end of YaRN's ramp, 1 in the paper; it must stay below beta fast. Change it only to follow a model's card.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The method by which positions are squeezed so that a text longer than the trained context can be read.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model has heads of its own that guess ahead (multi-token prediction, MTP). Choose built-in heads as the source of drafts to use them; no draft model is needed then.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model has heads that guess ahead ({n_heads} of them), but llama.cpp cannot run those of its kind ({architecture}) yet. A draft model or the text so far can guess instead.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model has no heads that guess ahead, or its file was made without them. A draft model or the text so far can guess instead.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model has only {n_experts} experts.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model is larger than main memory can hold, so it cannot be kept there.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model was trained for {n_ctx_train} tokens; beyond that replies turn to nonsense unless RoPE scaling is set.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The most that kept conversations may take of the disk, those of all models together.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The most tokens of the old continuation that are proposed at once.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The most tokens that are guessed ahead before the model checks them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The most tokens that are handed to llama.cpp in one step.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The number format in which the keys of past tokens are stored.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The number format in which the values of past tokens are stored.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The number format of the keys in the draft model's KV cache.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The number format of the values in the draft model's KV cache.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The order in which the steps above are applied; a step that is left out does nothing.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The order is the order in which layers are dealt out. Leave a GPU out to keep it free for other programs, or when a slow one holds a fast one back. Chosen by llama.cpp itself, it takes remote (RPC) devices first, then all GPUs, and integrated GPUs only if this machine has no other. The single word none keeps everything on the CPU.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The penalty is strength times growth to the power of how far the repetition already exceeds the allowed length. At 1 it does not grow.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The reply ends as soon as one of these texts appears, and the text itself is left out.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The reply is cut off after this many tokens.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The reply must be JSON that follows this schema.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The reply must follow this GBNF grammar.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The same most likely answer every time: extraction, classification, sums, comparing settings.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The sampler order leaves this step out, so it has no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The share of the model that each device gets, in the order of the devices.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The size of text everywhere in the window.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The starting point of the random choices; the same seed repeats the same reply.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The temperature then lies between temperature minus range (not below 0) and temperature plus range, chosen for each token from how evenly the remaining candidates are spread. 0 keeps it fixed. For variety in open passages with fewer slips in names and numbers.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The upper end of YaRN's ramp between keeping and stretching, 32 in the paper. Change it only to follow a model's card.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The value {message}; the default is used.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The weights are copied over for each large batch (32 tokens and more on CUDA), which pays for itself in long prompts and needs some GPU memory for the copies. Switch it off if the bus is slow, if prompts become slower than with the CPU alone, or to free that memory. Generation of single tokens is not affected.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The window is 0 tokens, so it has no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Theme</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There are fewer shares ({n_shares}) than devices ({n_devices}); the last devices get nothing.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There are more shares ({n_shares}) than devices ({n_devices}); the last ones are ignored.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There are only {n_devices} devices, counted from 0.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There is no device called {device} here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is a head ({architecture}) that only works on the inner state of the model it was made for, which this version cannot hand to it. Choose a small model of its own.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is no JSON schema: {message}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is not a language model of its own, so it cannot guess.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This is the model itself, which cannot be faster than itself. Choose a smaller one.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This model has no experts, so it has no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This model has no sliding window, so it makes no difference.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This model keeps a state ({architecture}) that cannot be taken back when a guess is wrong, so drafting must be off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This version has no {table} setting called {key}; it is kept but has no effect.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Tint what was guessed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Token {token_id} is {draft} in its vocabulary and {model} in the model's: the two do not mean the same.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Top-K</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Top-P</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Top-nσ</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Two tokens can never both exceed one half, so above 0.5 XTC never acts.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Typical-P</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Unified KV cache</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Unlike the penalties above it leaves single words alone and grows with the length of the repeated passage, so it stops loops without harming style. 0.8 is usual, 0 switches it off. Switch it off when the model shall quote or copy.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Unset means the file's value, or 1 with YaRN and 0 without. At 0 YaRN is plain linear scaling. Rarely worth changing.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Unset, one per physical core. Generation mostly waits for memory, so the two threads of one core rather disturb than help each other, and on processors with fast and slow cores the number of fast ones is often best. Lower it to keep the computer responsive. With every layer on a GPU the CPU has little to do and a few threads are enough.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Until another model has been used, the window opens with the Guide loaded, so that there is something to talk to and to turn the dials on; it also answers questions from the settings' help. It takes some tens of megabytes of memory while it is loaded and knows little but Loadout. Off, it is ejected, listed nowhere and never loaded; its files stay where Loadout is installed, and the command line still knows it as guide.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Use trained context divided by wanted context, and no smaller than needed, since quality drops with it. The method set above decides how it is applied; llama.cpp uses linear for models that name no method. Ignored when the method is None.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Uses the file's pages where they lie in the system's file cache instead of copying them.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>V cache type</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What happens when a conversation no longer fits into the model's context.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What the guard set to Custom wants left free on every device and in main memory.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>When all slots are taken, the conversation that was idle longest moves here, and comes back in a moment instead of being processed again. Memory is taken only as it is needed, on top of what the memory bar shows, and only while as much again stays free for other programs. A conversation takes what its tokens take in the KV cache. llama-server allows 8192 MiB; less suits a computer that does other work as well.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>When it is full, the conversation that was read longest ago goes. A thousand tokens take what they take in the KV cache: about 30 MB for a small model, 130 MB for one of 8 billion parameters. Nothing is written that would leave less than 1 GiB of the disk free.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>When the context is full</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Where downloaded models go: Hugging Face's own cache, or a folder of yours.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Where guesses at the next tokens come from, which the model then checks several at a time.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>With several GPUs, a device of its own lets the draft model stay whole, without being split along.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>With weights kept on the CPU by choice, llama.cpp advises switching memory mapping off: they then lie in memory that the GPU reads faster.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>With {n_draft} parameters it is large for a model of {n_model}: up to {limit} is advised. Larger ones guess better but mostly cost more than they save.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Without a limit the model ends by itself, or at the latest when the reply is as long as the whole context. 0 only reads the prompt. A token is about three quarters of an English word. Thinking counts too: a low limit can end a reply before its answer begins.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Without an end of text and without a limit, a reply goes on until the context ends it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>XTC</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>XTC probability</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>XTC threshold</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>YaRN</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>YaRN attention factor</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>YaRN beta fast</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>YaRN beta slow</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>YaRN decides by it which frequencies to stretch. Unset, the file's own entry counts, or the trained length. Set it only when the file states an already extended length.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>YaRN extrapolation mix</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>YaRN original context</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>all</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>as CPU threads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>auto</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>experts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>int:N, float:X, bool:true, bool:false or str:TEXT (127 bytes at most)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp has direct I/O only on Linux; the file is read the ordinary way.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp's 64 only catches loops that lie close together; with DRY in use, a window as long as a few replies (1024 or more) is usually meant. Longer windows cost a little time per token. 0 switches DRY off.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp's own notation; its start rule is called root. Whatever the grammar does not allow cannot be generated, thinking included, and large grammars slow down every token.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>model's own</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>no limit</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>none</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>off</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>per second</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>physical cores</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>px</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>random</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>slots</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>the name of a buffer type such as CPU or CUDA0</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>threads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>times</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>tokens</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{message} Choose another draft model than {path}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} is too long: a key and a text may have up to 127 bytes.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{pattern} is not a valid regular expression: {message}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{type} stores values in blocks of {block}, which do not divide the {row_size} values that a layer of this model keeps per token.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{type} stores values in blocks of {block}, which do not divide this model's head size of {head_size}.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ShelfBar</name>
  <message>
   <source>Compare…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Delete</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Drop changes</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Duplicate</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Duplicated as {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Export</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Exported to {file}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Export…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Import</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Imported {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Import…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>More</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not exported: {error}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not imported: {error}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Rename</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Rename…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reset all to defaults</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save as</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save as…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Saved as {name}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>That name comes with the app; choose another.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>as shown now</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>defaults</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} (changed)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{name} deleted</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Shortcuts</name>
  <message>
   <source>Add a model file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Chat</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Choose a model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Eject the model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Go to</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load or reload with the settings of the plan</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>New conversation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Preferences</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Quit</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search conversations</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search settings</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show or hide the conversations</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show or hide the plots</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show or hide the settings</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stop the reply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Take back the last change of a setting</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This list</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Window</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Write a message</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ShortcutsDialog</name>
  <message>
   <source>Bring back what was deleted</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Delete</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Edit the last message (in an empty field)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Find</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>From the search to the results</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In Discover</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In a conversation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In the list of conversations</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In the list of models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In the message</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>In the settings</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Keyboard shortcuts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load the model</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>New line</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Open the model, download the file</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Remove it from the list</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Rename</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Send</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stop the reply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Take back the last change</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>SidePanel</name>
  <message>
   <source>Changed only</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Changed only ({n})</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Chat</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How the model is loaded</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How tokens are chosen</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Panel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Sampling</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Search settings</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Titles, descriptions, keys and llama-server flags (Ctrl+F)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo the last change (Ctrl+Z)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Undo: {name} (Ctrl+Z)</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>What belongs to this conversation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} found</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>SpeedPanel</name>
  <message>
   <source>Load a model and chat: speed appears here</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Send a message: speed appears here</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Speed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>generation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>prompt</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>tok/s</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>SplitCard</name>
  <message>
   <source>1 layer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>1 layer stays on the processor, as the setting GPU layers says.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only the proportions count. A share of 0 leaves a device without layers.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Set the shares by hand</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Share of {device}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>llama.cpp deals the layers out by the memory that is free on each device.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} layers</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} layers stay on the processor, as the setting GPU layers says.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>StartingModels</name>
  <message>
   <source>A good all-rounder for a GPU of 8 GB. Thinks before it answers hard questions.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close to the large ones for a computer with 32 GB. A mixture of experts: 3 billion parameters work on each token.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Everyday conversation in many languages on a laptop, without a GPU too.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Follows instructions closely, at home in European languages. For a GPU of 16 to 24 GB.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hard problems, for a workstation with 80 GB of memory. A mixture of experts.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Programming, with a long context. A mixture of experts: only 3 billion parameters work on each token.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Quick answers on any computer, without a GPU too. It knows little: give it the text to work on.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reasoning in 16 GB of memory. A mixture of experts: fast for its size, without a GPU too.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Small and openly made, its training data included. Thinks before it answers if you let it.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Writing, editing and translating, for a GPU of 12 GB.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>StripControls</name>
  <message>
   <source>1 minute</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Collapse the plots</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy values</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>How far back the plots reach</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Plots reach back {n} minutes</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Reach back</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show the plots</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show the values as a table</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show values as a table…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} min</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} minutes</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>TextDialog</name>
  <message>
   <source>Apply</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Clear</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ctrl+Return</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Empty: {what}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Not valid JSON: line {line}, column {column}: {message}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Valid JSON</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ThinkingBlock</name>
  <message>
   <source>Thinking… {time} · {words} words</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Thought for {time} · {words} words</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Thought · {words} words</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>TintLegend</name>
  <message>
   <source>Hide</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Hide the tint of accepted guesses</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>accepted guesses</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>accepted guesses · shown as the model wrote it</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Toast</name>
  <message>
   <source>Dismiss</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>TokenDialog</name>
  <message>
   <source>Access to {host}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Access token</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Asking {host}…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Forget it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It comes from the environment variable HF_TOKEN, which goes before one set here.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It is forgotten when Loadout ends.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It is kept in this system's keyring.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It is the one that the command “hf auth login” has stored.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>It will be kept in this system's keyring.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Make a token on {host}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>No token is set.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Only gated and private models need a token. Read access is enough. It is sent to {host} alone.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Save</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Signed in as {name}.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The token is not accepted.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There is a token, but it could not be checked. {why}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>This system keeps no secrets for programs ({why}): a token set here is forgotten when Loadout ends.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>hf_…</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Transcript</name>
  <message>
   <source>Jump to the latest message</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Messages</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>UpdateBar</name>
  <message>
   <source>Asking {host} for newer versions: {n} of {all} models</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Checking for updates</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Stops asking; what was answered stays</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>UpdateView</name>
  <message>
   <source>1 of {all} models has a newer version.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Asks {host} for a newer version of the model that came from there</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Asks {host} for newer versions of the {n} models that came from there</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>None of the {n} models has a newer version.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Show</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The model has a newer version.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The newer version of {name} is in the queue of downloads.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>There is no newer version.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Try again</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{n} of {all} models have a newer version.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>Values</name>
  <message>
   <source>CPU load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Generation speed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Highest</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Latest</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Lowest</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Mean</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Prompt speed</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RAM used by others</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RAM used by the worker</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>RAM used by this window</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Value</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{device}: load</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{device}: memory of the worker</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{device}: memory used</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{device}: power, of its limit</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>ValuesDialog</name>
  <message>
   <source>Close</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy the table, for a spreadsheet</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Values in the plots</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>VariantRows</name>
  <message>
   <source>A part of this set is missing on the Hub</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Download</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>On this computer</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>On this computer: load it</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Quantisation</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Size</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>and {n} more</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>recommended</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{share} have arrived, then it stopped: show the downloads</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{share} have arrived: show the downloads</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>VariantTable</name>
  <message>
   <source>Columns</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Files of this model</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>WorkerCommand</name>
  <message>
   <source>Command: {command}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copied</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Copy the command</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>On the other computer, with Loadout of the same version, run this; then add its address above.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The protocol has no password and no encryption: anyone who can reach the port can use that computer's devices, read what is computed there, and crash the worker. Do this only in a network where you trust everyone. Each token crosses the network once per machine, so use a cable rather than Wi-Fi.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>_Access</name>
  <message>
   <source>Access token…</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Ask on {host}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Set the token of an account that has access</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The owner decides who may download this model. Ask for access on its page</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>The owner wants terms to be accepted first. Accept them on its page</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{wants} as {account}; you are signed in with its token.</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{wants}, then set an access token of that account.</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>_Dialog</name>
  <message>
   <source>Cancel</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>_NameDelegate</name>
  <message>
   <source>comes with Loadout</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>loaded · {file}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>older version · {file}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>update available · {file}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{file} and {n} more parts</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>{program} · also {names}</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>_OfferLine</name>
  <message>
   <source>Add</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Add the models of {program}</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Do not offer the models of {program} again</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>_Rows</name>
  <message>
   <source>Title</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>_ShareLine</name>
  <message>
   <source>{n} layers</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
 <context>
  <name>_VariantDelegate</name>
  <message>
   <source>A part is missing on the Hub</source>
   <translation type="unfinished"></translation>
  </message>
  <message>
   <source>Recommended</source>
   <translation type="unfinished"></translation>
  </message>
 </context>
</TS>
