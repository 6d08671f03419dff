## Words that stand in many places.
play = 再生
pause = 一時停止
resume = 続きを再生
start-over = 最初から再生
close = 閉じる
cancel = キャンセル
done = 完了
back = 戻る
retry = 再試行
save = 保存
saving = 保存しています…
send = 送信
sending = 送信しています…
search = 検索
settings = 設定
sign-in = ログイン
sign-out = ログアウト
yes = はい
no = いいえ
on = オン
off = オフ
loading = 読み込み中
open = 開く
remove = 削除
forget = 消去
unknown = 不明
audio = 音声
subtitles = 字幕
quality = 画質
speed = 速度
stats = 統計
intros = オープニング
recaps = あらすじ
credits = エンドクレジット
next-episode = 次のエピソード
still-watching = まだご覧ですか?
playback-stopped = 再生が停止しました
list-comma = 、

## Times, amounts and dates. Hours, minutes and seconds come as digits.
length-hours = { $hours }時間{ $minutes }分
length-minutes = { $minutes }分
length-seconds = { $seconds }秒
spoken-hours = { $count }時間
spoken-minutes = { $count }分
spoken-seconds = { $count }秒
spoken-joint = {""}
time-left = 残り{ $time }
time-of = { $whole }中{ $time }
percent = { $amount }%
milliseconds = { $amount }ミリ秒
seconds-short = { $amount }秒
decimal-mark = .
group-mark = ,
date = { $year }年{ $month }{ $day }日
month = { $month }月

## Names of languages.
language-english = 英語
language-german = ドイツ語
language-french = フランス語
language-spanish = スペイン語
language-italian = イタリア語
language-portuguese = ポルトガル語
language-dutch = オランダ語
language-swedish = スウェーデン語
language-polish = ポーランド語
language-japanese = 日本語
language-chinese = 中国語
language-korean = 韓国語
language-unknown = 不明な言語

## The keys on the screen of a television.
keyboard-capitals = 大文字
keyboard-space = スペース
keyboard-erase = 1文字削除
keyboard-clear = すべて消去
keyboard-letters = 文字
keyboard-digits = 数字
keyboard-layout = { $language }キーボード、言語を切り替え
keyboard-typed = { $count }文字

## What can be done about a failure.
remedy-try-again = もう一度試す
remedy-see-plans = プランを見る
remedy-see-devices = デバイスを見る

## Why a title may not be watched.
refusal-stream-limit = 同時に視聴できる台数を超えています。いずれかを停止するか、プランを変更してください
refusal-device-limit = プランの登録台数がいっぱいです。使っていないデバイスをログアウトしてください
refusal-not-entitled = この作品はご利用のプランに含まれていません
refusal-pin-required = このご家庭はPINで保護されています。PINのあるプロフィールを選んで入力し、もう一度お試しください
refusal-revoked = このデバイスでの再生は、別のデバイスまたはアカウントページから停止されました
refusal-not-now = この作品は現在配信されていません
refusal-not-here = この作品はお住まいの地域では配信されていません
refusal-address-hidden = 接続元の地域を確認できません。VPNやプロキシをオフにして、もう一度お試しください
refusal-somebody = だれか
refusal-one-elsewhere = { $who }が{ $place }で視聴中です。ここで見るには視聴を停止するか、プランを変更してください
refusal-several-elsewhere = ほかの{ $count }台が視聴中です。ここで見るにはいずれかを停止するか、プランを変更してください
refusal-on-device = { $place }の{ $who }
device-computer = パソコン
device-browser = ブラウザ
device-phone = スマートフォン
device-tablet = タブレット
device-television = テレビ

## What the application says in passing.
note-failed = { $what }:{ $why }
note-link-copied = リンクをコピーしました
note-press-back-again = 終了するにはもう一度「戻る」を押してください
note-sign-in-for-title = この作品を見るには、ログインしてプロフィールを選んでください
note-no-browser = ブラウザを開けませんでした。リンクをコピーして開いてください
note-disconnected = { $name }の接続が切れました
note-no-subtitles = この作品に字幕はありません
note-one-sound = この作品の音声は1つだけです
failure-not-saved = ファイルを保存できませんでした。ダウンロードフォルダーの空き容量を確認してください

## The way to the service, and what holds the remote.
link-away = 接続がありません。{ $seconds }秒後に再試行します
link-asking = 再接続中…
link-back = オンラインに戻りました
note-battery = { $name }: バッテリー残量 { $left } %
