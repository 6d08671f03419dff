## The parts of the settings.
part-account = アカウント
part-plan = プラン
part-devices = デバイス
part-playback = 再生
part-privacy = プライバシー
part-support = サポート
part-about = このアプリについて
language = 言語
language-detail = メニューとメッセージの言語
language-of-system = システムと同じ
language-no-font = 日本語を表示できるフォントがありません。Noto Sans CJK(fonts-noto-cjkパッケージ)などをインストールしてください。それまでは英語で表示します

## The account and its plan.
account-name = 名前
account-email = メールアドレス
account-email-unconfirmed = { $address }(未確認)
account-at-once = 同時視聴
account-best-quality = 最高画質
account-plan-includes = プランの内容
account-elsewhere = 名前、メールアドレス、パスワードは、ブラウザでサービスのアカウントページから変更できます
devices = { $count }台
quality-sd = 576pまで
quality-hd = 1080pまで
quality-uhd = 4Kまで
plan-all-titles = カタログの全作品
plan-titles = 作品
plan-all-but = マーク付き以外
plan-at-once = 同時視聴
plan-registered = 登録デバイス
plan-offline = オフライン保存
plan-largest = 最上位のプランをご利用中です。すべての作品を視聴できます
plan-larger = 上位プラン
plan-needs = { $name }の付いた作品にはそのプランが必要です。プランの変更はサポートからお問い合わせください
plan-ask = プランの変更を依頼する
plan-own = { $name }、ご利用中のプラン
device-this = このデバイス
device-last-used = 最終利用日 { $day }
device-signed-in = { $used }、ログイン日 { $day }
devices-why = アカウントにログインしているデバイスです。心当たりのないデバイスはログアウトし、パスワードを変更してください
account-stale = アカウントは最後に取得した内容です
devices-stale = デバイスは最後に取得した内容です
device-still-in = まだログインしています
device-is-out = ログアウトしました
not-saved = 保存できませんでした
account-erased = アカウントを削除しました

## Playback.
autoplay = 次のエピソードを再生
autoplay-detail = 終了後に自動で再生します
subtitles-detail = 字幕がある作品では最初から表示します
skip-play = 再生する
skip-offer = スキップを表示
skip-auto = 自動でスキップ

## Privacy.
privacy-agreed = 同意の内容
privacy-suggestions = 視聴履歴からのおすすめ
privacy-suggestions-detail = 「〇〇を見たあなたに」などの一覧。オフにすると作成されません
privacy-details = サポート用の技術情報
privacy-details-detail = お問い合わせに最初から添付されます。送信前に確認できます
privacy-kept = 保存されている情報
privacy-forget = 検索履歴を消去
privacy-leave = 退会
export-collecting = 収集しています…
export-save = データのコピーを保存
export-saved = { $path }に保存しました
export-what = アカウント、プロフィール、リスト、評価、再生位置、デバイス、お問い合わせを1つのファイルにまとめます
erase-begin = アカウントを削除
erase-password = 本人確認のため、パスワードを入力してください
erase-ten-minutes = パスワードのないアカウントのため、ログインから10分間だけ削除できます
erase-password-hint = パスワード
erase-under-way = 削除しています…
erase-keep = アカウントを残す

## Support.
support-playback = 再生できない
support-account = アカウントとプラン
support-feedback = ご意見
support-about = お問い合わせの内容
support-message = メッセージ
support-hint = 何が起きましたか? 期待していた動作は?
support-attach = 技術情報を添付
support-attached = 添付されるのは次の内容だけです:
support-attach-detail = 送信前に確認できます
support-thanks = ありがとうございます。受付番号は{ $reference }です。次回のお問い合わせの際にお知らせください
support-failed = { $why }。入力内容は残っています

## About.
about-for-television = テレビ版
about-for-desktop = デスクトップ版
about-server = サーバー
about-licence = ライセンス
about-licence-lumen = MITまたはApache-2.0(選択可)
about-made-with = 使用しているソフトウェア
about-inter = SIL Open Font License 1.1、The Inter Project Authors
about-phosphor = MIT、Phosphor Icons
about-egui = MITまたはApache-2.0、Emil Ernerfeldtほか
about-gstreamer = LGPL 2.1以降、インストール済みのものを使用
about-licences = すべてのライブラリのライセンスは、ソースコードのCargo.lockに記載されています

## The page of a television for whoever repairs it.
diagnostics = 診断
diagnostics-larger = 画面を大きく
diagnostics-smaller = 画面を小さく
diagnostics-picture = この内容のQRコード(スマートフォン用)
diagnostics-signed-in = ログイン中
diagnostics-signed-out = ログアウト中
diagnostics-lumen = Lumen { $version }({ $machine })
diagnostics-server = サーバー { $address }({ $state })
diagnostics-panel = 画面 { $width } × { $height }、各辺の余白 { $percent }%
diagnostics-memory = メモリ使用量 { $memory }
language-no-font-short = fonts-noto-cjkが必要です

## This television: what its panel shows, and giving it away.
part-television = このテレビ
edges = 画面の端
edges-free = 余白(このページの枠がすべて見えるまで)
previews = プレビュー
previews-detail = 一覧の上に表示された作品が、音なしで動き始めます
previews-not-here = オフ(このテレビのメモリが足りません)
ambient = アンビエントモード
ambient-detail = 10分間操作がないと、時刻と画像を表示します。オフのときは画面を暗くするだけです
keyboard = 画面のキー
keyboard-detail = 検索に使う文字
reset = 初期化
reset-offer = 初期化
reset-now = 今すぐ初期化
confirm-reset = このテレビを初期化しますか?
confirm-reset-means = ログアウトされ、設定、検索履歴、未送信の再生位置が消去されます
confirm-reset-for-good = 本当に初期化しますか?
confirm-reset-for-good-means = 元に戻すことはできません。アカウントと視聴履歴はサービスに残ります
