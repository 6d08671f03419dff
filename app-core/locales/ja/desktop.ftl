## Opening addresses and files.
open-hint-drop = アドレスまたはファイル(ウィンドウにドロップも可)
open-hint-paste = アドレスまたはファイル(Ctrl Vでコピーしたアドレスを再生)
open-example = https://example.com/a.mpd または ~/film.mp4
open-lately = 最近開いたもの
open-choosing = 選択中…
open-choose = ファイルを選ぶ…
open-clear = リストを消去
open-drop = ドロップして再生
open-no-dialog = このデスクトップにはファイル選択がありません。パスを入力してください
dialog-open = 映画またはストリームを開く
dialog-films = 映画とストリーム
dialog-all-files = すべてのファイル
address-enter = ストリームのアドレス(例:https://example.com/master.m3u8)またはファイルを入力してください
address-too-long = アドレスが長すぎるか、使えない文字が含まれています
address-standard-input = 標準入力は再生できません。アドレスかファイルを指定してください
address-no-server = このアドレスにはサーバー名がありません
address-other-machine = 開けるのはこのコンピューターのファイルだけです
address-kinds = 開けるのはhttp・httpsのアドレス、ファイル、作品へのリンクだけです
address-no-such-name = その名前のファイルはありません。アドレスはhttps://から入力してください
address-no-file = ファイルが存在しないか、読み取る権限がありません
address-folder = これはフォルダーです。中のプレイリスト、MPD、メディアファイルを指定してください
address-only-files = 開けるのはファイルだけです
address-bad-path = このパスは開けません
address-bad-link = このリンク先は見つかりません
address-stream = ストリーム

## After a crash.
crash-heading = 前回、Lumenが異常終了しました
crash-what = わかっている内容は次のとおりです。このデバイスにだけ保存され、ご自身で渡さないかぎり送信されません。
crash-copy = レポートをコピー
crash-delete = 削除する
crash-copied = レポートをコピーしました

## Settings of the desktop.
desktop = デスクトップ
desktop-settings = デスクトップの設定
desktop-media-keys = メディアキー
desktop-media-keys-detail = キーボード、ヘッドセット、パネルから再生を操作します
desktop-awake = 画面をオンのままにする
desktop-awake-detail = 再生中と、一時停止から30秒間
desktop-recents = 開いたものを記憶
desktop-recents-detail = Ctrl Oの一覧に表示されるアドレスとファイル
desktop-text-size = 文字の大きさ
desktop-text-size-detail = 字幕以外のすべて
desktop-as-desktop = デスクトップと同じ
desktop-movement = 動き
desktop-movement-detail = スライドやフェードの動き
desktop-reduced = 減らす
desktop-full = すべて

## `lumen doctor`.
doctor-plugins = GStreamerのプラグインgood、bad、ugly、libavをインストールしてください
doctor-none = なし:{ $missing }
doctor-none-for = { $here }。{ $missing }用はありません
doctor-display = OpenGL 2.1またはOpenGL ES 2.0の画面が必要です。サーバーではXvfbをお試しください
doctor-software = グラフィックカードを使わずに描画しています。1080pではカクつくことがあります
doctor-no-window = ウィンドウを確認できませんでした
doctor-answers = 応答あり
doctor-keyring-silent = 応答なし。ログイン情報は暗号化ファイルに保存します
doctor-keyring = gnome-keyringなどのSecret Serviceのほうが安全です
doctor-certificates = --caで別のファイルを指定するか、設定から外してください
doctor-server = サーバーなしでもストリームやファイルは見られます。別のサーバーは--serverで指定します
doctor-server-answers = { $name }は応答しています
doctor-folder = このフォルダーに書き込めるようになるまで、設定は保存されません
doctor-no-crash = 未確認のものはありません
doctor-crash = 次回の起動時に表示され、コピーできます
doctor-desktop-proxy = デスクトップのプロキシ
doctor-own-certificates = 独自の証明書
doctor-count-in = { $path }に{ $count }件
doctor-no-such-file = { $path }:ファイルがありません
doctor-no-certificate = { $path }:証明書(PEM)が含まれていません
desktop-playing = 動画を再生中

## How the window looks, and how pictures come to it.
desktop-theme = テーマ
desktop-theme-detail = プレーヤーは常にダークです
desktop-dark = ダーク
desktop-light = ライト
desktop-contrast = ハイコントラスト
desktop-contrast-detail = 差の大きい配色にします
path-rgba = rgba(CPUで変換)
path-yuv = yuv(シェーダーで変換)
path-no-sharing = --video-path glは無効です: このビルドはデコーダーとテクスチャを共有できません
path-no-planes = --video-path yuvは無効です: このOpenGLにはプレーン用のテクスチャがありません
path-no-graphics = --video-pathは無効です: ウィンドウはOpenGLで描画されていません
path-toolkit = ツールキット経由
