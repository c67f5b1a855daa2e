# すべてのページの文言。疲れている人にもわかる言葉で、何をすればよいかを伝える。文体は「です・ます」。
# `{ $brand }` は製品名で、ページのどの文言にも使える。

## すべてのページ

skip-to-content = メインコンテンツへ移動
have-account = アカウントをお持ちですか？
sign-in = ログイン
footer-label = このサービスについて
footer-terms = 利用規約
footer-privacy = プライバシーポリシー
footer-support = ヘルプ
language-label = 言語
error-prefix = エラー：
optional = （任意）

## プランの選択

plans-title = 始め方を選ぶ
plans-lead = プランを選び、フォームに入力するだけで、すぐに開発を始められます。
plans-lead-one = フォームに入力するだけで、すぐに開発を始められます。
plans-for = こんな方に
plans-get = ご利用いただける内容
plans-next = 登録後の流れ
plans-none-title = 現在、新規登録は受け付けていません
plans-none-text = 選べるプランがありません。アカウントをお持ちの場合は、ログインしてください。

## フォーム

summary-title = 入力内容を確認してください
form-all-plans = すべてのプラン
form-other-plans = 別のプランをお探しですか？
group-account = アカウント
group-company = 会社
group-project = プロジェクト
country-none = 国・地域を選択
password-show = 表示
password-hide = 隠す
password-show-label = パスワードを表示
password-hide-label = パスワードを隠す
password-shown = パスワードが表示されています
password-hidden = パスワードは隠れています
strength-0 = 推測されやすいパスワードです。長くするか、関連のない単語を加えてください。
strength-1 = もう少し強くできます。関連のない単語をもう1つ加えてください。
strength-2 = 良いパスワードです。
strength-3 = 強力なパスワードです。
email-suggestion = { $address } ではありませんか？
email-anyway = このメールアドレスをそのまま使う
email-other-plan = 個人用のアドレスしかない場合は、別のプランをご覧ください：
email-support = アドレスについて問い合わせる
honeypot-label = この欄には何も入力しないでください

## 入力欄：ラベルとヒント

field-name-label = 氏名
field-username-label = ユーザー名
field-username-hint = 4～30文字。半角の英字、数字、ハイフン、ピリオド、アンダースコアを使えます。
field-email-label = メールアドレス
field-email-hint = 確認用のリンクをこのアドレスに送ります。
field-email-hint-business = 会社のメールアドレスを入力してください。確認用のリンクを送ります。
field-password-label = パスワード
field-password-hint = { $min }文字以上。関連のない単語をいくつか組み合わせるのがおすすめです。
field-password-hint-again = パスワードをもう一度入力してください。パスワードがページに残ることはありません。{ $min }文字以上。関連のない単語をいくつか組み合わせるのがおすすめです。
field-jobTitle-label = 役職
field-companyName-label = 会社名
field-privacyPolicy-label = 利用規約とプライバシー

consent-text = { $brand }の<terms>利用規約</terms>と<privacy>プライバシーポリシー</privacy>に同意します。
# この文面の日付。文面を変えたら、必ず日付も変える。
consent-version = 2026-11-22

## セキュリティチェック

challenge-label = セキュリティチェック
challenge-no-script = セキュリティチェックにはJavaScriptが必要です。ブラウザでJavaScriptを有効にしてから、フォームを送信してください。入力内容はそのままで、チェックが読み込まれます。
challenge-blocked = セキュリティチェックを読み込めませんでした。接続を確認し、このページではコンテンツブロッカーをオフにしてから、フォームを送信してください。入力内容はそのままで、チェックがもう一度読み込まれます。
challenge-failed = セキュリティチェックがうまくいきませんでした。自動で再試行しますので、数秒お待ちください。それでもうまくいかない場合は、別のネットワークかブラウザでお試しください。
challenge-expired = セキュリティチェックの時間が切れました。もう一度チェックを済ませてから、続けてください。
challenge-unsupported = お使いのブラウザは古いため、セキュリティチェックを利用できません。ブラウザを更新するか、別のブラウザをお使いください。
challenge-interactive = 上のチェックボックスにチェックを入れると、続行できます。
challenge-waiting = セキュリティチェックの完了を待っています…
error-challenge-missing = セキュリティチェックを済ませてください
error-challenge-refused = セキュリティチェックが承認されませんでした。もう一度行ってください

## 入力欄の問題。`error-{ field }-{ code }`、なければ `error-{ code }`。

error-missing = 「{ $label }」を入力してください
error-unreadable = 「{ $label }」に読み取れない文字があります。もう一度入力してください
error-control = 「{ $label }」に改行などの見えない文字が含まれています。もう一度入力してください
error-too-long = 「{ $label }」は{ $max }文字以内で入力してください
error-too-short = 「{ $label }」は{ $min }文字以上で入力してください
error-not-a-choice = 「{ $label }」の回答を1つ選んでください
error-character = 「{ $label }」に使えない文字が含まれています
error-separator = 「{ $label }」のピリオドかアンダースコアの位置を確認してください
error-at = 「{ $label }」は name@example.com の形式で入力してください
error-local = 「{ $label }」の@より前の部分を確認してください
error-domain = 「{ $label }」の@より後の部分を確認してください
error-disposable = 使い捨てメールサービスのアドレスです。今後も使うアドレスを入力してください
error-free = 個人向けメールサービスのアドレスです。会社のメールアドレスを入力してください
error-blocked = このアドレスでは登録できません。別のアドレスを入力してください
error-common = よく使われるパスワードの一覧に載っています。推測されにくいパスワードにしてください
error-weak = 推測されにくいパスワードにしてください。長くするか、関連のない単語を加えてください

error-name-missing = 氏名を入力してください
error-username-missing = ユーザー名を入力してください
error-username-character = ユーザー名に使えるのは、半角の英字、数字、ハイフン、ピリオド、アンダースコアだけです
error-username-separator = ユーザー名の最初と最後にはピリオドとアンダースコアを使えません。2つ続けて使うこともできません
error-username-too-short = ユーザー名は{ $min }文字以上で入力してください
error-username-too-long = ユーザー名は{ $max }文字以内で入力してください
error-username-taken = このユーザー名はすでに使われています。別のユーザー名にしてください
error-email-missing = メールアドレスを入力してください
error-email-at = メールアドレスは name@example.com の形式で入力してください
error-email-local = メールアドレスの@より前の部分を確認してください
error-email-domain = メールアドレスの@より後の部分を確認してください。example.com のような形式です
error-email-refused = このメールアドレスは受け付けられませんでした。確認するか、別のアドレスを入力してください
error-email-doubtful = このメールアドレスが存在することを確認できませんでした。入力内容を確認してください
error-email-doubtful-suggestion = メールアドレスを確認してください。{ $suggestion } ではありませんか？
error-password-missing = パスワードを入力してください
error-password-too-short = パスワードは{ $min }文字以上で入力してください
error-password-too-long = パスワードは{ $max }文字以内で入力してください
error-password-unreadable = パスワードに読み取れない文字があります。もう一度入力してください
error-password-refused = このパスワードは受け付けられませんでした。別のパスワードにしてください
error-privacyPolicy-missing = 利用規約とプライバシーポリシーに同意する場合は、チェックを入れてください

## フォームの上

kept = 入力内容はそのまま残っています。
notice-expired-title = フォームの有効期限が切れました
notice-expired-text = 長い間開いたままだったため、新しいフォームを用意しました。入力内容を確認してから送信してください。
notice-suspicious-title = フォームを受け付けられませんでした
notice-suspicious-text = 画面に表示されない欄に入力がありました。ブラウザの拡張機能による可能性があります。もう一度フォームを送信してください。
notice-limited-title = 試行回数が多すぎます
notice-limited-text = { $wait }フォームをもう一度送信できます。
notice-challenge-unavailable-title = セキュリティチェックを利用できません
notice-challenge-unavailable-text = 当サービス側の問題です。アカウントは作成されていません。数分後にもう一度フォームを送信してください。
notice-unavailable-title = 申し訳ありません。サービスに問題が発生しています
notice-unavailable-text = アカウントは作成されていません。数分後にもう一度フォームを送信してください。
notice-upstream-failed-title = 申し訳ありません。サービスに問題が発生しています
notice-upstream-failed-text = アカウントを作成できませんでした。数分後にもう一度フォームを送信してください。
notice-unknown-title = アカウントはすでに作成されている可能性があります
notice-unknown-text = 作成を確認する前に、サービスからの応答が途絶えました。もう一度試す前に、次のことをお確かめください。
notice-unknown-step-1 = 受信トレイと迷惑メールフォルダに、アドレスの確認をお願いするメールが届いていないか確認してください。届いていたら、メールのリンクを開けば完了です。
notice-unknown-step-2 = 数分たってもメールが届かない場合は、ユーザー名とパスワードでログインしてみてください。
notice-unknown-step-3 = それでもうまくいかない場合は、下のフォームをもう一度送信してください。
notice-refused-title = アカウントは作成されませんでした
notice-email-in-use-title = すでにアカウントをお持ちかもしれません
notice-email-in-use-text = このアドレスのアカウントがある場合は、ログインするか、ログイン画面でパスワードを再設定してください。ない場合は、別のメールアドレスをお使いください。
notice-account-exists-title = このアカウントはすでに存在します
notice-account-exists-text = アドレス確認のメールが届いていればそのリンクを開き、届いていなければログインしてください。
notice-used-title = このフォームはすでに使われています
notice-used-text = 別のメールアドレスのアカウントが作成されています。もう1つアカウントを作成する場合は、入力内容を確認して、この新しいフォームを送信してください。
notice-code-title = リンクのコードを使えません
notice-code-text = コードの一部が欠けているか、すでに使われている可能性があります。下のフォームから登録できます。
notice-code-unknown-title = リンクのコードを確認できませんでした
notice-code-unknown-text = 数分後にリンクをもう一度開くか、下のフォームから登録してください。
notice-link-expired-title = リンクの情報の有効期限が切れました
notice-link-expired-text = 元の場所からリンクをもう一度開くか、下のフォームに入力してください。

wait-seconds = { $count ->
   *[other] { $count }秒後に
}
wait-minutes = { $count ->
   *[other] { $count }分後に
}
wait-hours = { $count ->
   *[other] { $count }時間後に
}

## エラーページ

error-page-400-title = リクエストを読み取れません
error-page-400-text = ブラウザのアドレスを確認するか、最初からやり直してください。
error-page-403-title = フォームを受け付けられませんでした
error-page-403-text = 別のウェブサイトから送信されました。こちらの登録ページを開いて、フォームに入力してください。
error-page-404-title = ページが見つかりません
error-page-404-text = アドレスに間違いがないか確認するか、プランを選んで登録してください。
error-page-405-title = このページはその方法では利用できません
error-page-405-text = リンクかアドレスから開くか、最初からやり直してください。
error-page-408-title = 接続に時間がかかりすぎました
error-page-408-text = フォームが時間内に届きませんでした。前の画面に戻って、もう一度送信してください。
error-page-413-title = 入力内容が長すぎます
error-page-413-text = 前の画面に戻り、入力内容を短くして、もう一度フォームを送信してください。
error-page-415-title = フォームを読み取れませんでした
error-page-415-text = 登録ページを開いて、ブラウザでフォームに入力してください。
error-page-421-title = このアドレスに登録ページはありません
error-page-421-text = 案内されたアドレスを確認してください。
error-page-429-title = リクエストが多すぎます
error-page-429-text = { $wait }ページを再読み込みできます。
error-page-4xx-title = 処理できませんでした
error-page-4xx-text = アドレスを確認するか、最初からやり直してください。
error-page-5xx-title = 申し訳ありません。サービスに問題が発生しています
error-page-5xx-text = 数分後にもう一度お試しください。登録の途中だった場合は、先にメールを確認してください。アカウントはすでに作成されている可能性があります。
error-page-home = プラン一覧へ
error-page-reference = 参照番号
error-page-support = 問題が続く場合は、この参照番号をお知らせください：

## アカウントの状況

status-title = 登録の状況
status-unknown-title = メールを確認してください
status-unknown-text = 登録したばかりの場合は、アドレスを確認するためのリンクがメールで届きます。届くまで数分かかることがあります。迷惑メールフォルダもご確認ください。
status-created-title = メールアドレスを確認してください
status-created-text = アカウントを作成しました。お送りしたメールのリンクを開いてください。届くまで数分かかることがあります。迷惑メールフォルダもご確認ください。
status-active-title = アカウントの準備ができました
status-active-text = プランは有効です。今すぐ始められます。
status-trial-title = トライアルをご利用中です
status-trial-text = 今すぐ始められます。
status-trial-until = トライアルは{ $date }までご利用いただけます。
status-over-title = トライアルは終了しました
status-over-text = 引き続き利用する方法は、ログインしてご確認ください。
status-step-over = トライアル終了
status-payment-title = お支払いを完了してください
status-payment-text = メールアドレスを確認しました。ログインしてお支払いを完了すると、プランが始まります。
status-suspended-title = アカウントは停止されています
status-suspended-text = 理由と対処方法については、サポートにお問い合わせください。
status-suspended-text-alone = 理由と対処方法は、お送りしたメールをご覧いただくか、ログインしてご確認ください。
status-deleted-title = このアカウントは削除されました
status-deleted-text = 新しいフォームからもう一度登録できます。
status-step-created = アカウントの作成
status-step-confirm = メールアドレスの確認
status-step-confirmed = メールアドレスの確認
status-step-active = プランの開始
status-step-trial = トライアルの開始
status-step-payment = お支払い
status-step-plan = プランの開始
status-done = 完了
status-open = { $brand }へ進む
status-refreshing = このページは自動で更新されます。
status-again = もう一度確認する
status-support = サポートに問い合わせる
status-signup = プランを選ぶ

## すでに有効なアカウント

already-active-title = アカウントはすでに有効です
already-active-text = ここで行う手続きはありません。ユーザー名またはメールアドレスとパスワードでログインしてください。

# 年月日。例：2026年12月5日
date = { $year }年{ $month }月{ $day }日
