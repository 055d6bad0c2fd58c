// usage: client.mjs SERVER DIRECTORY ROOT      see run
// DIRECTORY contains the schema. Talks to the server like an editor: over its standard input and output.
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [command, directory, root] = process.argv.slice(2)
const server = spawn(process.execPath, [command, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
const replies = new Map()
const published = new Map()
let received = Buffer.alloc(0)
let requests = 0
let passed = 0
let failed = 0

// Messages

function send(message) {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message })
  server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}

function request(method, params) {
  const id = ++requests
  send({ id, method, params })
  return new Promise((resolve, reject) => replies.set(id, { resolve, reject }))
}

function handle(message) {
  if (message.method === 'textDocument/publishDiagnostics') {
    const { uri, diagnostics } = message.params
    published.get(uri)?.(diagnostics)
  } else if (message.method && message.id !== undefined) {
    // The server asks for settings of the editor; there are none.
    const items = message.params?.items?.map(() => null)
    send({ id: message.id, result: items ?? null })
  } else if (replies.has(message.id)) {
    const { resolve, reject } = replies.get(message.id)
    replies.delete(message.id)
    if (message.error) reject(new Error(JSON.stringify(message.error)))
    else resolve(message.result)
  }
}

server.stdout.on('data', data => {
  received = Buffer.concat([received, data])
  for (;;) {
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/Content-Length: (\d+)/i.exec(received.subarray(0, end))[1])
    if (received.length < end + 4 + length) return
    const body = received.subarray(end + 4, end + 4 + length)
    received = received.subarray(end + 4 + length)
    handle(JSON.parse(body))
  }
})

// Documents

let documents = 0

// Opens a service file with the modeline. Returns its address, and what the server reports for it.
async function open(text) {
  const uri = pathToFileURL(join(directory, `service-${++documents}.yaml`)).href
  const whole = `# yaml-language-server: $schema=optasvc.schema.json\n${text}`
  const diagnostics = new Promise(resolve => published.set(uri, resolve))
  send({
    method: 'textDocument/didOpen',
    params: { textDocument: { uri, languageId: 'yaml', version: 1, text: whole } },
  })
  return { uri, diagnostics: await diagnostics }
}

// Removes the cursor, `|`. Returns the text, and the position in a file that begins with the modeline.
function at(text) {
  const before = text.slice(0, text.indexOf('|')).split('\n')
  return {
    text: text.replace('|', ''),
    position: { line: before.length, character: before.at(-1).length },
  }
}

async function complete(marked) {
  const { text, position } = at(marked)
  const { uri } = await open(text)
  const result = await request('textDocument/completion', { textDocument: { uri }, position })
  return (result.items ?? result).map(item => item.label)
}

async function hover(marked) {
  const { text, position } = at(marked)
  const { uri } = await open(text)
  const result = await request('textDocument/hover', { textDocument: { uri }, position })
  return result?.contents?.value ?? ''
}

function check(name, problem) {
  if (problem) {
    failed++
    console.log(`editors: ${name}: ${problem}`)
  } else {
    passed++
  }
}

async function check_completion(name, marked, expected, unexpected = []) {
  const labels = await complete(marked)
  const missing = expected.filter(word => !labels.includes(word))
  const extra = unexpected.filter(word => labels.includes(word))
  check(name, missing.length ? `does not offer ${missing}, but ${labels}` : extra.length ? `offers ${extra}` : '')
}

async function check_hover(name, marked, expected) {
  const text = await hover(marked)
  // The server escapes characters of Markdown.
  check(name, text.replaceAll('\\', '').includes(expected) ? '' : `shows "${text}"`)
}

// The line of the only diagnostic is that of the mark `<-`, and its message contains a text.
async function check_mistake(name, marked, expected) {
  const line = marked.slice(0, marked.indexOf('<-')).split('\n').length
  const { diagnostics } = await open(marked.replace(/ *<-/, ''))
  const found = diagnostics.map(each => `${each.range.start.line}: ${each.message}`)
  const ok = diagnostics.length === 1 && diagnostics[0].range.start.line === line &&
    diagnostics[0].message.includes(expected)
  check(name, ok ? '' : `reports ${found.length ? found.join('; ') : 'nothing'} instead of line ${line}: ${expected}`)
}

// Tests

const head = 'name: shop\nmodules:\n  - name: web\n    type: k8s-service\n    image: nginx:1.29\n'

async function test_completion() {
  await check_completion('fields of the file', 'name: shop\n|', ['modules', 'environments', 'gateway'], ['healthcheck_path'])
  await check_completion('fields of a service', `${head}    |`, ['healthcheck_path', 'port', 'env_vars'], ['name', 'arn'])
  await check_completion('beginning of a field', `${head}    health|`, ['healthcheck_path', 'healthcheck'])
  await check_completion('fields of a queue', 'name: shop\nmodules:\n  - name: jobs\n    type: aws-sqs\n    |',
    ['arn', 'fifo', 'outputs'], ['healthcheck_path', 'secret_keys'])
  await check_completion('fields of a database', 'name: shop\nmodules:\n  - name: db\n    type: postgres\n    |',
    ['secret', 'secret_keys'], ['healthcheck_path', 'arn'])
  await check_completion('fields of a map', `${head}    port:\n      |`, ['http', 'grpc'], ['image', 'optasvc service or environment file'])
  await check_completion('fields of an item', `${head}    cron_jobs:\n      - |`, ['schedule', 'commands'], ['image'])
  await check_completion('keywords', `${head}    healthcheck: |`, ['tcp', 'grpc', 'none'])
  await check_completion('keyword of a map', `${head}    port: |`, ['none'])
  await check_completion('booleans', `${head}    sticky_session: |`, ['true', 'false'])
  await check_completion('types', 'name: shop\nmodules:\n  - name: web\n    type: |', ['k8s-service', 'postgres'])
}

async function test_hover() {
  await check_hover('field of a service', `${head}    probe_pe|riod: 5\n`, 'Time between two probes.')
  await check_hover('field of a map', `${head}    port:\n      ht|tp: 80\n`, 'HTTP port.')
  await check_hover('field of an item', `${head}    cron_jobs:\n      - sche|dule: "@daily"\n`, 'Schedule in cron syntax')
  await check_hover('unit and default', `${head}    min_cont|ainers: 2\n`, 'Unit: pods. Default: 1.')
}

async function test_mistakes() {
  await check_mistake('misspelt field', `${head}    port: {http: 80}\n    helthcheck_path: / <-\n    min_containers: 2\n`, 'helthcheck_path')
  await check_mistake('misspelt field of a map', `${head}    port:\n      htp: 80 <-\n      http: 80\n`, 'htp')
  await check_mistake('misspelt field of an item', `${head}    cron_jobs:\n      - schedule: "@daily"\n        args: [a]\n        retris: 1 <-\n`, 'retris')
  await check_mistake('misspelt field of the file', `${head}enviroments: [] <-\n`, 'enviroments')
  await check_mistake('wrong type', `${head}    min_containers: [2] <-\n`, 'type')
  await check_mistake('out of range', `${head}    port:\n      http: 70000 <-\n`, '65535')
  await check_mistake('wrong keyword', `${head}    healthcheck: htp <-\n`, 'tcp')
  await check_mistake('wrong form', `${head}    cron_jobs:\n      - args: [a]\n        schedule: 61 * * * * <-\n`, 'cron')
  await check_mistake('wrong name of a variable', `${head}    env_vars:\n      GOOD: a\n      1BAD: b <-\n`, 'must consist')
  await check_mistake('exclusive fields', `${head}    port: {http: 80}\n    ports: [{name: a, type: tcp, port: 1}] <-\n`, 'ports cannot be used with port')
  await check_mistake('duplicate', `${head}    secrets: [A, A] <-\n`, 'duplicate')
  await check_mistake('second module', `${head}  - name: db\n    type: postgres\n    secret: Not_valid <-\n`, 'must consist')
}

// The server reports nothing in the examples.
async function test_examples() {
  for (const directory of readdirSync(join(root, 'examples'))) {
    for (const file of readdirSync(join(root, 'examples', directory))) {
      if (!file.endsWith('.yaml')) continue
      const text = readFileSync(join(root, 'examples', directory, file), 'utf8')
      if (/^apiVersion:/m.test(text) || file === 'values.yaml') continue
      const { diagnostics } = await open(text)
      check(`examples/${directory}/${file}`, diagnostics.map(each => `${each.range.start.line}: ${each.message}`).join('; '))
    }
  }
}

async function main() {
  await request('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(directory).href,
    capabilities: {
      textDocument: { completion: { completionItem: { snippetSupport: true } }, hover: { contentFormat: ['markdown'] } },
    },
  })
  send({ method: 'initialized', params: {} })
  // No other schema than that of the modeline: the catalog of schemas is in the Internet.
  const settings = { yaml: { schemaStore: { enable: false }, validate: true, completion: true, hover: true } }
  send({ method: 'workspace/didChangeConfiguration', params: { settings } })
  await test_completion()
  await test_hover()
  await test_mistakes()
  await test_examples()
  console.log(`editors: ${passed} passed, ${failed} failed`)
  server.kill()
  process.exit(failed || !passed ? 1 : 0)
}

await main()
